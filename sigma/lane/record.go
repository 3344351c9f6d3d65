package lane

import (
	"strconv"
	"time"
)

// clock takes the time of the record to be made.
func (s *Stream) clock() {
	if s.At != nil {
		s.utc = s.At().UTC().AppendFormat(s.utc[:0], "2006-01-02 15:04:05.000")
		return
	}
	at := time.Date(2026, 11, 1+s.r.IntN(28), s.r.IntN(24), s.r.IntN(60), s.r.IntN(60), s.r.IntN(1000)*1e6, time.UTC)
	s.utc = at.AppendFormat(s.utc[:0], "2006-01-02 15:04:05.000")
}

const (
	sysmonChannel  = "Microsoft-Windows-Sysmon/Operational"
	sysmonProvider = "Microsoft-Windows-Sysmon"
	sysmonGUID     = "5770385F-C22A-43E0-BF4C-06F5698FFBD9"
	auditProvider  = "Microsoft-Windows-Security-Auditing"
	auditGUID      = "54849625-5478-4994-A5BA-3E3B0328C30D"
	hosts          = 300
)

// begin writes everything in front of the event's data.
func (s *Stream) begin(channel, provider, guid string, id int) {
	if s.Shape == Winlogbeat {
		s.raw(`{"@timestamp":"`).day('T').raw(`Z","@metadata":{"beat":"winlogbeat","type":"_doc","version":"8.15.3"},"event":{"code":"`).int(id)
		s.raw(`","kind":"event","provider":"`).raw(provider).raw(`"},"host":{"name":"`).host().raw(`"},"log":{"level":"information"},"winlog":{"computer_name":"`).host()
		s.raw(`","channel":"`).raw(channel).raw(`","provider_name":"`).raw(provider).raw(`","provider_guid":"{`).raw(guid).raw(`}","event_id":"`).int(id)
		s.raw(`","record_id":`).int(s.record).raw(`,"version":5,"task":"`).int(id).raw(`","opcode":"Info","process":{"pid":`).int(1000 + s.record%4000)
		s.raw(`,"thread":{"id":`).int(1000 + s.record%9000).raw(`}},"user":{"identifier":"S-1-5-18","name":"SYSTEM","domain":"NT AUTHORITY","type":"User"},"event_data":{`)
		return
	}
	s.raw(`{"Event":{"#attributes":{"xmlns":"http://schemas.microsoft.com/win/2004/08/events/event"},"System":{"Provider":{"#attributes":{"Name":"`).raw(provider)
	s.raw(`","Guid":"`).raw(guid).raw(`"}},"EventID":`).int(id).raw(`,"Version":5,"Level":4,"Task":`).int(id)
	s.raw(`,"Opcode":0,"Keywords":"0x8000000000000000","TimeCreated":{"#attributes":{"SystemTime":"`).day('T').raw(`Z"}},"EventRecordID":`).int(s.record)
	s.raw(`,"Correlation":null,"Execution":{"#attributes":{"ProcessID":`).int(1000 + s.r.IntN(4000)).raw(`,"ThreadID":`).int(1000 + s.r.IntN(9000))
	s.raw(`}},"Channel":"`).raw(channel).raw(`","Computer":"`).host().raw(`","Security":{"#attributes":{"UserID":"S-1-5-18"}}},"EventData":{`)
}

// end closes what begin opened.
func (s *Stream) end() {
	s.b[len(s.b)-1] = '}' // the comma behind the last member
	s.raw("}}")
}

func (s *Stream) sysmon(id int) {
	s.begin(sysmonChannel, sysmonProvider, sysmonGUID, id)
	s.name("RuleName").raw(`"-",`)
}

// process is a Sysmon process creation.
func (s *Stream) process() {
	p, parent := s.program(), s.program()
	user := users[s.r.IntN(len(users))]
	s.sysmon(1)
	s.name("UtcTime").quote().day(' ').quote().next()
	s.uid("ProcessGuid").number("ProcessId", s.r.IntN(40000)).text("Image", p.image)
	s.name("FileVersion").raw(`"10.0.`).int(19041 + s.r.IntN(10)).raw(".").int(s.r.IntN(5000)).quote().next()
	s.text("Description", p.description).text("Product", "Microsoft® Windows® Operating System").text("Company", p.company).text("OriginalFileName", p.file)
	s.text("CommandLine", p.commands[s.r.IntN(len(p.commands))])
	s.name("CurrentDirectory").raw(`"C:\\Users\\`).raw(user).raw(`\\",`)
	s.name("User").raw(`"CORP\\`).raw(user).raw(`",`)
	s.uid("LogonGuid").hex("LogonId", s.r.IntN(1<<24)).number("TerminalSessionId", s.r.IntN(4)).text("IntegrityLevel", levels[s.r.IntN(len(levels))])
	s.hashes().uid("ParentProcessGuid").number("ParentProcessId", s.r.IntN(40000)).text("ParentImage", p.parent)
	s.text("ParentCommandLine", parent.commands[s.r.IntN(len(parent.commands))])
	s.name("ParentUser").raw(`"CORP\\`).raw(user).raw(`",`)
	s.end()
}

var levels = []string{"Medium", "High", "System", "AppContainer"}

// subject writes the process an event is about.
func (s *Stream) subject() *Stream {
	s.name("UtcTime").quote().day(' ').quote().next()
	return s.uid("ProcessGuid").number("ProcessId", s.r.IntN(40000)).text("Image", s.program().image)
}

// owner writes whose process it is.
func (s *Stream) owner() *Stream {
	return s.name("User").raw(`"CORP\\`).raw(users[s.r.IntN(len(users))]).raw(`",`)
}

// file is a Sysmon file creation.
func (s *Stream) file() {
	s.sysmon(11)
	s.subject().text("TargetFilename", fileTargets[s.r.IntN(len(fileTargets))])
	s.name("CreationUtcTime").quote().day(' ').quote().next()
	s.owner().end()
}

// image is a Sysmon image load.
func (s *Stream) image() {
	p := s.program()
	s.sysmon(7)
	s.subject().text("ImageLoaded", `C:\Windows\System32\@#.dll`).text("Description", p.description).text("Company", p.company)
	s.hashes().text("Signed", "true").text("Signature", "Microsoft Windows").text("SignatureStatus", "Valid").owner().end()
}

// registry is a Sysmon registry value or key.
func (s *Stream) registry() {
	if s.r.IntN(4) == 0 {
		s.sysmon(12)
		s.text("EventType", "CreateKey").subject().text("TargetObject", `HKLM\System\CurrentControlSet\Services\@\Parameters\#`).owner().end()
		return
	}
	s.sysmon(13)
	s.text("EventType", "SetValue").subject().text("TargetObject", `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\@\@#`)
	s.name("Details").raw(`"DWORD (0x`).hexDigits(uint64(s.r.Uint32()), 8).raw(`)",`).text("User", `NT AUTHORITY\SYSTEM`).end()
}

var ports = []int{443, 80, 53, 445, 8080}

// network is a Sysmon connection.
func (s *Stream) network() {
	s.sysmon(3)
	s.subject().owner().text("Protocol", "tcp").text("Initiated", "true").text("SourceIsIpv6", "false")
	s.address("SourceIp").text("SourceHostname", "WS-anna.keller").number("SourcePort", 49152+s.r.IntN(16000)).text("SourcePortName", "-").text("DestinationIsIpv6", "false")
	s.address("DestinationIp").text("DestinationHostname", "@.example.com").number("DestinationPort", s.port()).text("DestinationPortName", "-").end()
}

// query is a Sysmon DNS query.
func (s *Stream) query() {
	s.sysmon(22)
	s.name("UtcTime").quote().day(' ').quote().next()
	s.uid("ProcessGuid").number("ProcessId", s.r.IntN(40000)).text("QueryName", "@#.@.example.com").text("QueryStatus", "0")
	s.name("QueryResults").raw(`"type:  5 edge.example.net;::ffff:`).ip().raw(`;",`).text("Image", s.program().image).owner().end()
}

// exit is a Sysmon process end.
func (s *Stream) exit() {
	s.sysmon(5)
	s.subject().owner().end()
}

// access is a Sysmon process access with few rights.
func (s *Stream) access() {
	p := s.program()
	s.sysmon(10)
	s.name("UtcTime").quote().day(' ').quote().next()
	s.uid("SourceProcessGUID").number("SourceProcessId", s.r.IntN(40000)).number("SourceThreadId", s.r.IntN(40000)).text("SourceImage", p.parent)
	s.uid("TargetProcessGUID").number("TargetProcessId", s.r.IntN(40000)).text("TargetImage", p.image).text("GrantedAccess", "0x1000")
	s.name("CallTrace").raw(`"C:\\Windows\\SYSTEM32\\ntdll.dll+`).hexDigits(s.r.Uint64N(1<<20), 5).raw(`|C:\\Windows\\System32\\KERNELBASE.dll+`).hexDigits(s.r.Uint64N(1<<20), 5)
	s.raw(`",`).text("SourceUser", `NT AUTHORITY\SYSTEM`).name("TargetUser").raw(`"CORP\\`).raw(users[s.r.IntN(len(users))]).raw(`",`).end()
}

var logonTypes = []int{2, 3, 5, 7}

// logon is a successful logon of the Security log.
func (s *Stream) logon() {
	s.begin("Security", auditProvider, auditGUID, 4624)
	s.text("SubjectUserSid", "S-1-5-18").text("SubjectUserName", "WS-014$").text("SubjectDomainName", "CORP").text("TargetUserName", "~").text("TargetDomainName", "CORP")
	s.number("LogonType", logonTypes[s.r.IntN(len(logonTypes))]).text("LogonProcessName", "User32 ").text("AuthenticationPackageName", "Negotiate")
	s.address("IpAddress").number("IpPort", s.r.IntN(65536)).end()
}

// securityProcess is a process creation of the Security log.
func (s *Stream) securityProcess() {
	p := s.program()
	s.begin("Security", auditProvider, auditGUID, 4688)
	s.text("SubjectUserName", "~").text("SubjectDomainName", "CORP").hex("NewProcessId", s.r.IntN(40000)).text("NewProcessName", p.image)
	s.text("TokenElevationType", "%%1938").hex("ProcessId", s.r.IntN(40000)).text("CommandLine", p.commands[s.r.IntN(len(p.commands))])
	s.text("ParentProcessName", p.parent).text("MandatoryLabel", "S-1-16-8192").end()
}

// program picks one; in the Sysmon mix those that common rules speak about are
// as rare as in a fleet whose rules are tuned.
func (s *Stream) program() *program {
	if s.tuned && s.r.IntN(500) > 0 {
		return quiet[s.r.IntN(len(quiet))]
	}
	return &programs[s.r.IntN(len(programs))]
}

// quiet are the programs that common rules do not speak about.
var quiet = func() (list []*program) {
	for i := range programs {
		switch programs[i].file {
		case "CONHOST.EXE", "Cmd.Exe", "PowerShell.EXE":
		default:
			list = append(list, &programs[i])
		}
	}
	return list
}()

// port picks a destination port.
func (s *Stream) port() int {
	if s.tuned {
		return ports[s.r.IntN(2)]
	}
	return ports[s.r.IntN(len(ports))]
}

func (s *Stream) raw(text string) *Stream { s.b = append(s.b, text...); return s }
func (s *Stream) quote() *Stream          { s.b = append(s.b, '"'); return s }
func (s *Stream) next() *Stream           { s.b = append(s.b, ','); return s }
func (s *Stream) int(n int) *Stream       { s.b = strconv.AppendInt(s.b, int64(n), 10); return s }
func (s *Stream) name(n string) *Stream   { return s.quote().raw(n).raw(`":`) }

// day writes the record's time, sep between the day and the hour.
func (s *Stream) day(sep byte) *Stream {
	s.b = append(append(append(s.b, s.utc[:10]...), sep), s.utc[11:]...)
	return s
}

func (s *Stream) host() *Stream {
	n := s.record % hosts
	s.b = append(s.b, 'W', 'S', '-', '0'+byte(n/100), '0'+byte(n/10%10), '0'+byte(n%10))
	return s.raw(".corp.example")
}

// text writes a member whose value is a template: # is replaced by a number, @
// by a word, ~ by a user; quotes and backslashes are escaped.
func (s *Stream) text(name, template string) *Stream {
	s.name(name).quote()
	from := 0
	for i := 0; i < len(template); i++ {
		switch template[i] {
		case '#':
			s.raw(template[from:i]).int(s.r.IntN(1_000_000))
		case '@':
			s.raw(template[from:i]).raw(words[s.r.IntN(len(words))])
		case '~':
			s.raw(template[from:i]).raw(users[s.r.IntN(len(users))])
		case '\\', '"':
			s.raw(template[from:i]).raw(`\`)
			from = i
			continue
		default:
			continue
		}
		from = i + 1
	}
	return s.raw(template[from:]).quote().next()
}

func (s *Stream) number(name string, n int) *Stream { return s.name(name).int(n).next() }

func (s *Stream) hex(name string, n int) *Stream {
	s.name(name).raw(`"0x`)
	s.b = strconv.AppendInt(s.b, int64(n), 16)
	return s.quote().next()
}

const upper = "0123456789ABCDEF"

// hexDigits writes the last n digits of v.
func (s *Stream) hexDigits(v uint64, n int) *Stream {
	for shift := 4 * (n - 1); shift >= 0; shift -= 4 {
		s.b = append(s.b, upper[v>>shift&15])
	}
	return s
}

// uid writes a GUID in braces.
func (s *Stream) uid(name string) *Stream {
	high, low := s.r.Uint64(), s.r.Uint64()
	s.name(name).raw(`"{`).hexDigits(high>>32, 8).raw("-").hexDigits(high>>16, 4).raw("-").hexDigits(high, 4)
	return s.raw("-").hexDigits(low>>48, 4).raw("-").hexDigits(low, 12).raw(`}",`)
}

// files is how many different files a fleet has.
const files = 1 << 16

// hashes writes what one of the fleet's files hashes to.
func (s *Stream) hashes() *Stream {
	n := s.r.Uint64N(files)
	next := func() uint64 { // SplitMix64
		n += 0x9e3779b97f4a7c15
		z := (n ^ n>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return z ^ z>>31
	}
	s.name("Hashes").raw(`"SHA1=`).hexDigits(next(), 16).hexDigits(next(), 16).hexDigits(next(), 8)
	s.raw(",MD5=").hexDigits(next(), 16).hexDigits(next(), 16).raw(",SHA256=")
	for range 4 {
		s.hexDigits(next(), 16)
	}
	return s.raw(",IMPHASH=").hexDigits(next(), 16).hexDigits(next(), 16).quote().next()
}

func (s *Stream) ip() *Stream {
	return s.raw("10.").int(s.r.IntN(4)).raw(".").int(s.r.IntN(256)).raw(".").int(1 + s.r.IntN(254))
}

func (s *Stream) address(name string) *Stream { return s.name(name).quote().ip().quote().next() }
