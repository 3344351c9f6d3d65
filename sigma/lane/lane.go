// Package lane makes streams of Windows telemetry for measuring the matcher:
// the same seed makes the same bytes. Records have evtx_dump's JSON form.
//
// It promises ordinary office and server traffic with the variety that defeats
// naive caching (ids, hashes, paths and arguments change), and no attack. It is
// tested for reproducibility and for parsing.
package lane

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Mix names a kind of stream.
type Mix string

// The mixes.
const (
	ProcessCreation Mix = "process-creation" // Sysmon event 1
	FileEvent       Mix = "file-event"       // Sysmon event 11
	Office          Mix = "office"           // Sysmon 1, 3, 7, 11, 13 and Security 4624, 4688 as hosts send them
)

// Generate returns n records of a mix, one JSON object each.
func Generate(mix Mix, n int, seed uint64) ([][]byte, error) {
	g := &generator{r: rand.New(rand.NewPCG(seed, 0x746f6373696e))}
	make, ok := map[Mix]func() []byte{ProcessCreation: g.process, FileEvent: g.file, Office: g.office}[mix]
	if !ok {
		return nil, fmt.Errorf("unknown mix %q", mix)
	}
	out := [][]byte{}
	for range n {
		out = append(out, make())
	}
	return out, nil
}

type generator struct {
	r      *rand.Rand
	record int
}

// program is an image with its usual parent and command lines; # is replaced by
// a number, @ by a word, ~ by a user.
type program struct {
	image, parent, file, company, description string
	commands                                  []string
}

var programs = []program{
	{`C:\Windows\System32\svchost.exe`, `C:\Windows\System32\services.exe`, "svchost.exe", "Microsoft Corporation", "Host Process for Windows Services",
		[]string{`C:\WINDOWS\system32\svchost.exe -k netsvcs -p -s Schedule`, `C:\WINDOWS\system32\svchost.exe -k LocalServiceNetworkRestricted -p -s @`, `C:\WINDOWS\System32\svchost.exe -k utcsvc -p`}},
	{`C:\Program Files\Google\Chrome\Application\chrome.exe`, `C:\Program Files\Google\Chrome\Application\chrome.exe`, "chrome.exe", "Google LLC", "Google Chrome",
		[]string{`"C:\Program Files\Google\Chrome\Application\chrome.exe" --type=renderer --lang=en-US --device-scale-factor=1 --num-raster-threads=4 --renderer-client-id=# --time-ticks-at-unix-epoch=-# --launch-time-ticks=# --field-trial-handle=#,i,#,#,262144 --variations-seed-version=#`,
			`"C:\Program Files\Google\Chrome\Application\chrome.exe" --type=utility --utility-sub-type=network.mojom.NetworkService --lang=en-US --service-sandbox-type=none --field-trial-handle=#`}},
	{`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, `C:\Windows\explorer.exe`, "msedge.exe", "Microsoft Corporation", "Microsoft Edge",
		[]string{`"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --profile-directory=Default`, `"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --type=gpu-process --gpu-preferences=@# --field-trial-handle=#`}},
	{`C:\Windows\System32\conhost.exe`, `C:\Windows\System32\cmd.exe`, "CONHOST.EXE", "Microsoft Corporation", "Console Window Host", []string{`\??\C:\WINDOWS\system32\conhost.exe 0xffffffff -ForceV1`}},
	{`C:\Windows\System32\cmd.exe`, `C:\Windows\explorer.exe`, "Cmd.Exe", "Microsoft Corporation", "Windows Command Processor",
		[]string{`C:\WINDOWS\system32\cmd.exe /c "D:\jobs\@\run#.bat"`, `cmd /c dir C:\Users\~\Documents\@`, `"C:\WINDOWS\system32\cmd.exe"`}},
	{`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `C:\Program Files\Agent\agent.exe`, "PowerShell.EXE", "Microsoft Corporation", "Windows PowerShell",
		[]string{`powershell.exe -NoProfile -File "C:\Program Files\Agent\scripts\inventory_#.ps1"`, `"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" -Command "Get-Service -Name @ | Select-Object Status"`}},
	{`C:\Windows\System32\backgroundTaskHost.exe`, `C:\Windows\System32\svchost.exe`, "backgroundTaskHost.exe", "Microsoft Corporation", "Background Task Host", []string{`"C:\WINDOWS\system32\backgroundTaskHost.exe" -ServerName:App.AppX@#.mca`}},
	{`C:\Windows\System32\RuntimeBroker.exe`, `C:\Windows\System32\svchost.exe`, "RuntimeBroker.exe", "Microsoft Corporation", "Runtime Broker", []string{`C:\Windows\System32\RuntimeBroker.exe -Embedding`}},
	{`C:\Windows\System32\taskhostw.exe`, `C:\Windows\System32\svchost.exe`, "taskhostw.exe", "Microsoft Corporation", "Host Process for Windows Tasks", []string{`taskhostw.exe`, `taskhostw.exe SYSTEM`}},
	{`C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE`, `C:\Windows\explorer.exe`, "Outlook.exe", "Microsoft Corporation", "Microsoft Outlook", []string{`"C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE"`}},
	{`C:\Program Files\Microsoft Office\root\Office16\EXCEL.EXE`, `C:\Windows\explorer.exe`, "Excel.exe", "Microsoft Corporation", "Microsoft Excel", []string{`"C:\Program Files\Microsoft Office\Root\Office16\EXCEL.EXE" "C:\Users\~\Documents\@ report #.xlsx"`}},
	{`C:\Users\~\AppData\Local\Programs\Microsoft VS Code\Code.exe`, `C:\Windows\explorer.exe`, "electron.exe", "Microsoft Corporation", "Visual Studio Code", []string{`"C:\Users\~\AppData\Local\Programs\Microsoft VS Code\Code.exe" --type=renderer --user-data-dir="C:\Users\~\AppData\Roaming\Code" --renderer-client-id=#`}},
	{`C:\Program Files\Git\cmd\git.exe`, `C:\Users\~\AppData\Local\Programs\Microsoft VS Code\Code.exe`, "git.exe", "The Git Development Community", "Git for Windows", []string{`git.exe -c core.quotepath=false status --porcelain=v2 --branch`, `git.exe log -n # --format=%H -- src/@.go`}},
	{`C:\Program Files\Java\jdk-17\bin\java.exe`, `C:\Windows\System32\cmd.exe`, "java.exe", "Oracle Corporation", "OpenJDK Platform binary", []string{`java -Xmx#m -jar C:\apps\@\service-#.jar --spring.profiles.active=prod`}},
	{`C:\Windows\System32\wbem\WmiPrvSE.exe`, `C:\Windows\System32\svchost.exe`, "Wmiprvse.exe", "Microsoft Corporation", "WMI Provider Host", []string{`C:\WINDOWS\system32\wbem\wmiprvse.exe -secured -Embedding`}},
	{`C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.#.0-0\MpCmdRun.exe`, `C:\Windows\System32\svchost.exe`, "MpCmdRun.exe", "Microsoft Corporation", "Microsoft Malware Protection Command Line Utility", []string{`"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.#.0-0\MpCmdRun.exe" SignatureUpdate -ScheduleJob -RestrictPrivileges`}},
}

var words = strings.Fields("alpha billing catalog delta eastern finance gamma harbor index journal kernel ledger market north orders payroll quality roster sales travel update vendor winter yearly zone")

var users = strings.Fields("anna.keller b.novak carlos.ruiz d.okafor e.lind farid.aziz g.rossi hana.sato i.petrov j.smith")

// fill replaces the wild cards of a template.
func (g *generator) fill(t string) string {
	var b strings.Builder
	for i := 0; i < len(t); i++ {
		switch t[i] {
		case '#':
			fmt.Fprint(&b, g.r.IntN(1_000_000))
		case '@':
			b.WriteString(words[g.r.IntN(len(words))])
		case '~':
			b.WriteString(users[g.r.IntN(len(users))])
		default:
			b.WriteByte(t[i])
		}
	}
	return b.String()
}

func (g *generator) guid() string {
	return fmt.Sprintf("%08X-%04X-%04X-%04X-%012X", g.r.Uint32(), g.r.IntN(1<<16), g.r.IntN(1<<16), g.r.IntN(1<<16), g.r.Uint64N(1<<48))
}

func (g *generator) hashes() string {
	return fmt.Sprintf("SHA1=%016X%016X%08X,MD5=%016X%016X,SHA256=%016X%016X%016X%016X,IMPHASH=%016X%016X", g.r.Uint64(), g.r.Uint64(), g.r.Uint32(),
		g.r.Uint64(), g.r.Uint64(), g.r.Uint64(), g.r.Uint64(), g.r.Uint64(), g.r.Uint64(), g.r.Uint64(), g.r.Uint64())
}

// process is a Sysmon process creation.
func (g *generator) process() []byte {
	p := programs[g.r.IntN(len(programs))]
	parent := programs[g.r.IntN(len(programs))]
	user := users[g.r.IntN(len(users))]
	return g.sysmon(1, pairs{
		"RuleName", "-", "UtcTime", g.utc(), "ProcessGuid", g.guid(), "ProcessId", g.r.IntN(40000),
		"Image", g.fill(p.image), "FileVersion", fmt.Sprintf("10.0.%d.%d", 19041+g.r.IntN(10), g.r.IntN(5000)), "Description", p.description,
		"Product", "Microsoft® Windows® Operating System", "Company", p.company, "OriginalFileName", p.file,
		"CommandLine", g.fill(p.commands[g.r.IntN(len(p.commands))]), "CurrentDirectory", `C:\Users\` + user + `\`,
		"User", `CORP\` + user, "LogonGuid", g.guid(), "LogonId", fmt.Sprintf("0x%x", g.r.IntN(1<<24)), "TerminalSessionId", g.r.IntN(4),
		"IntegrityLevel", []string{"Medium", "High", "System", "AppContainer"}[g.r.IntN(4)], "Hashes", g.hashes(),
		"ParentProcessGuid", g.guid(), "ParentProcessId", g.r.IntN(40000), "ParentImage", g.fill(p.parent),
		"ParentCommandLine", g.fill(parent.commands[g.r.IntN(len(parent.commands))]), "ParentUser", `CORP\` + user})
}

var fileTargets = []string{
	`C:\Users\~\AppData\Local\Temp\~DF#.TMP`, `C:\Users\~\AppData\Local\Google\Chrome\User Data\Default\Cache\Cache_Data\f_#`,
	`C:\Windows\Prefetch\@-#.pf`, `C:\Users\~\Documents\@\@ #.docx`, `C:\ProgramData\Microsoft\Windows Defender\Scans\History\Service\#.log`,
	`C:\Windows\SoftwareDistribution\Download\@#\metadata\@.cab`, `C:\Users\~\AppData\Roaming\Code\User\workspaceStorage\#\state.vscdb`, `D:\jobs\@\output\@_#.csv`,
}

// file is a Sysmon file creation.
func (g *generator) file() []byte {
	p := programs[g.r.IntN(len(programs))]
	return g.sysmon(11, pairs{
		"RuleName", "-", "UtcTime", g.utc(), "ProcessGuid", g.guid(), "ProcessId", g.r.IntN(40000), "Image", g.fill(p.image),
		"TargetFilename", g.fill(fileTargets[g.r.IntN(len(fileTargets))]), "CreationUtcTime", g.utc(), "User", `CORP\` + users[g.r.IntN(len(users))]})
}

func (g *generator) utc() string {
	return fmt.Sprintf("2026-11-%02d %02d:%02d:%02d.%03d", 1+g.r.IntN(28), g.r.IntN(24), g.r.IntN(60), g.r.IntN(60), g.r.IntN(1000))
}

// office is a host's ordinary stream.
func (g *generator) office() []byte {
	p := programs[g.r.IntN(len(programs))]
	switch n := g.r.IntN(100); {
	case n < 15:
		return g.process()
	case n < 35:
		return g.file()
	case n < 55:
		return g.sysmon(7, pairs{"RuleName", "-", "UtcTime", g.utc(), "ProcessGuid", g.guid(), "ProcessId", g.r.IntN(40000), "Image", g.fill(p.image),
			"ImageLoaded", g.fill(`C:\Windows\System32\@#.dll`), "Description", p.description, "Company", p.company, "Hashes", g.hashes(), "Signed", "true",
			"Signature", "Microsoft Windows", "SignatureStatus", "Valid", "User", `CORP\` + users[g.r.IntN(len(users))]})
	case n < 70:
		return g.sysmon(13, pairs{"RuleName", "-", "EventType", "SetValue", "UtcTime", g.utc(), "ProcessGuid", g.guid(), "ProcessId", g.r.IntN(40000), "Image", g.fill(p.image),
			"TargetObject", g.fill(`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\@\@#`), "Details", fmt.Sprintf("DWORD (0x%08x)", g.r.Uint32()), "User", `NT AUTHORITY\SYSTEM`})
	case n < 85:
		return g.sysmon(3, pairs{"RuleName", "-", "UtcTime", g.utc(), "ProcessGuid", g.guid(), "ProcessId", g.r.IntN(40000), "Image", g.fill(p.image), "User", `CORP\` + users[g.r.IntN(len(users))],
			"Protocol", "tcp", "Initiated", "true", "SourceIsIpv6", "false", "SourceIp", g.address(), "SourceHostname", "WS-" + users[0], "SourcePort", 49152 + g.r.IntN(16000),
			"DestinationIp", g.address(), "DestinationHostname", g.fill("@.example.com"), "DestinationPort", []int{443, 80, 53, 445, 8080}[g.r.IntN(5)]})
	case n < 93:
		return g.event("Security", "Microsoft-Windows-Security-Auditing", 4624, pairs{"SubjectUserSid", "S-1-5-18", "SubjectUserName", "WS-014$", "SubjectDomainName", "CORP", "TargetUserName", users[g.r.IntN(len(users))],
			"TargetDomainName", "CORP", "LogonType", []int{2, 3, 5, 7}[g.r.IntN(4)], "LogonProcessName", "User32 ", "AuthenticationPackageName", "Negotiate", "IpAddress", g.address(), "IpPort", g.r.IntN(65536)})
	}
	return g.event("Security", "Microsoft-Windows-Security-Auditing", 4688, pairs{"SubjectUserName", users[g.r.IntN(len(users))], "SubjectDomainName", "CORP", "NewProcessId", fmt.Sprintf("0x%x", g.r.IntN(40000)),
		"NewProcessName", g.fill(p.image), "TokenElevationType", "%%1938", "ProcessId", fmt.Sprintf("0x%x", g.r.IntN(40000)), "CommandLine", g.fill(p.commands[g.r.IntN(len(p.commands))]),
		"ParentProcessName", g.fill(p.parent), "MandatoryLabel", "S-1-16-8192"})
}

func (g *generator) address() string {
	return fmt.Sprintf("10.%d.%d.%d", g.r.IntN(4), g.r.IntN(256), 1+g.r.IntN(254))
}

// pairs are alternating names and values.
type pairs []any

func (g *generator) sysmon(id int, data pairs) []byte {
	return g.event("Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon", id, data)
}

// event writes a record as evtx_dump does.
func (g *generator) event(channel, provider string, id int, data pairs) []byte {
	g.record++
	var b strings.Builder
	fmt.Fprintf(&b, `{"Event":{"#attributes":{"xmlns":"http://schemas.microsoft.com/win/2004/08/events/event"},"System":{"Provider":{"#attributes":{"Name":%s,"Guid":"%s"}},"EventID":%d,"Version":5,"Level":4,"Task":%d,"Opcode":0,"Keywords":"0x8000000000000000","TimeCreated":{"#attributes":{"SystemTime":"%sZ"}},"EventRecordID":%d,"Correlation":null,"Execution":{"#attributes":{"ProcessID":%d,"ThreadID":%d}},"Channel":%s,"Computer":"WS-%03d.corp.example","Security":{"#attributes":{"UserID":"S-1-5-18"}}},"EventData":{`,
		quote(provider), g.guid(), id, id, strings.Replace(g.utc(), " ", "T", 1), g.record, 1000+g.r.IntN(4000), 1000+g.r.IntN(9000), quote(channel), g.r.IntN(300))
	for i := 0; i < len(data); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(data[i].(string)))
		b.WriteByte(':')
		switch v := data[i+1].(type) {
		case int:
			fmt.Fprint(&b, v)
		case string:
			b.WriteString(quote(v))
		default:
			panic(fmt.Sprintf("lane: value of type %T", v))
		}
	}
	b.WriteString("}}}")
	return []byte(b.String())
}

var quoter = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quote(s string) string { return `"` + quoter.Replace(s) + `"` }
