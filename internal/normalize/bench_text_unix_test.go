package normalize

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/normalize/text"
	"github.com/tocsin-soc/tocsin/internal/normalize/value"
)

// textSamples are the lines of the benchmark, by source.
var textSamples = map[string][]string{
	"syslog": {
		`<30>Jan  2 03:04:00 web1 systemd[1]: Started Daily apt download activities.`,
		`<38>Jan  2 03:04:00 web1 sshd[1001]: Failed password for invalid user admin from 198.51.100.9 port 40000 ssh2`,
		`<86>1 2026-01-02T03:04:00.123456+00:00 web1 sshd 1001 - - pam_unix(sshd:session): session opened for user alice(uid=1000) by (uid=0)`,
		`<85>Jan  2 03:04:00 web1 sudo:    alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/id -u`,
	},
	"cef": {
		`<134>Jan  2 03:04:00 fw01 CEF:0|Palo Alto Networks|PAN-OS|11.1|end|TRAFFIC|3|rt=Jan 02 2026 03:03:59 deviceExternalId=0128 src=192.0.2.10 dst=198.51.100.20 sourceTranslatedAddress=203.0.113.1 spt=51234 dpt=443 proto=tcp act=allow cs1Label=Rule cs1=allow out cs2Label=URL Category cs2=any cn1Label=SessionID cn1=42949 in=100 out=200 cnt=1`,
		`<134>Jan  2 03:04:00 fw01 CEF:0|Fortinet|Fortigate|7.2|00013|traffic:forward accept|3|deviceExternalId=FGT FTNTFGTlogid=0000000013 cat=traffic:forward FTNTFGTsubtype=forward FTNTFGTlevel=notice src=192.0.2.10 spt=51234 dst=198.51.100.20 dpt=443 proto=6 act=accept app=HTTPS in=3400 out=1200`,
	},
}

// BenchmarkText measures reading and normalising lines, beside cutting the same
// bytes into words and those with an equals sign into a map.
func BenchmarkText(b *testing.B) {
	n := shipped(b)
	for _, name := range sortedNames(textSamples) {
		var raws []tocsin.Raw
		size := int64(0)
		for i := range 1000 {
			line := textSamples[name][i%len(textSamples[name])]
			size += int64(len(line))
			raws = append(raws, tocsin.Raw{Source: "bench", Format: tocsin.FormatSyslog, Position: fmt.Sprint(i), ReceivedAt: received, Body: []byte(line)})
		}
		run := func(kind string, do func()) {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.SetBytes(size)
				b.ReportAllocs()
				before := processorTime()
				for b.Loop() {
					do()
				}
				b.ReportMetric(float64(len(raws)*b.N)/(processorTime()-before).Seconds(), "lines/core-s")
			})
		}
		var reading text.Reading
		run("read", func() {
			for i := range raws {
				reading.Reset()
				n.texts.Syslog(&reading, string(raws[i].Body), value.Clock{Received: received})
			}
		})
		m := &Memory{} // as the pipeline has it
		run("batch", func() {
			if _, rejects := n.BatchIn(m, raws); len(rejects) > 0 {
				b.Fatal(rejects[0].Reason)
			}
			m.Reset()
		})
		run("yardstick-words", func() {
			for i := range raws {
				fields := map[string]string{}
				for _, word := range strings.Fields(string(raws[i].Body)) {
					if key, value, ok := strings.Cut(word, "="); ok {
						fields[key] = value
					}
				}
			}
		})
	}
}

// processorTime is what the process has used of all cores, collection of garbage
// included: on a machine with other work it says more than the clock.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
