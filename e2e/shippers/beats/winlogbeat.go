package main

import (
	"bufio"
	"fmt"
	"os"
	"sync"

	"github.com/elastic/beats/v7/libbeat/beat"
	"github.com/elastic/beats/v7/libbeat/cmd"
	"github.com/elastic/beats/v7/libbeat/esleg/eslegclient"
	"github.com/elastic/beats/v7/libbeat/outputs/elasticsearch"
	winlog "github.com/elastic/beats/v7/winlogbeat/cmd"
	"github.com/elastic/beats/v7/winlogbeat/eventlog"
	"github.com/elastic/beats/v7/winlogbeat/module"
	"github.com/elastic/beats/v7/winlogbeat/sys/winevent"
	"github.com/elastic/elastic-agent-libs/config"
	"github.com/elastic/elastic-agent-libs/logp"
)

// winlogbeat is Winlogbeat with its own settings, output and set-up. Only where
// it asks Windows for events as XML, it reads them from the file that its
// configuration names as winlogbeat.recorded, one a line. As in its own reader of
// an event log, include_xml says whether the XML goes with the document.
func winlogbeat() *cmd.BeatsRootCmd {
	return cmd.GenRootCmdWithSettings(func(b *beat.Beat, c *config.C) (beat.Beater, error) {
		r := &recording{done: make(chan struct{})}
		return r, c.Unpack(r)
	}, winlog.WinlogbeatSettings())
}

// A recording stands for the event logs of a computer.
type recording struct {
	Recorded string `config:"recorded"`
	Logs     []struct {
		Name       string `config:"name"`
		IncludeXML bool   `config:"include_xml"`
	} `config:"event_logs"`

	done chan struct{}
	once sync.Once
}

// Run publishes the events of the recording and waits to be stopped.
func (r *recording) Run(b *beat.Beat) error {
	if _, err := elasticsearch.RegisterConnectCallback(func(client *eslegclient.Connection, _ *logp.Logger) error {
		_, err := module.UploadPipelines(b.Info, client, false)
		return err
	}); err != nil {
		return err
	}
	f, err := os.Open(r.Recorded)
	if err != nil {
		return err
	}
	defer f.Close()
	client, err := b.Publisher.Connect()
	if err != nil {
		return err
	}
	defer client.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		event, err := winevent.UnmarshalXML(lines.Bytes())
		if err != nil {
			return fmt.Errorf("reading %s: %w", lines.Text(), err)
		}
		record := eventlog.Record{Event: event}
		for _, log := range r.Logs {
			if log.Name == event.Channel && log.IncludeXML {
				record.XML = lines.Text()
			}
		}
		client.Publish(record.ToEvent())
	}
	<-r.done
	return lines.Err()
}

// Stop ends Run.
func (r *recording) Stop() { r.once.Do(func() { close(r.done) }) }
