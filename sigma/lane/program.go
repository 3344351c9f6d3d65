package lane

import "strings"

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

var fileTargets = []string{
	`C:\Users\~\AppData\Local\Temp\~DF#.TMP`, `C:\Users\~\AppData\Local\Google\Chrome\User Data\Default\Cache\Cache_Data\f_#`,
	`C:\Windows\Prefetch\@-#.pf`, `C:\Users\~\Documents\@\@ #.docx`, `C:\ProgramData\Microsoft\Windows Defender\Scans\History\Service\#.log`,
	`C:\Windows\SoftwareDistribution\Download\@#\metadata\@.cab`, `C:\Users\~\AppData\Roaming\Code\User\workspaceStorage\#\state.vscdb`, `D:\jobs\@\output\@_#.csv`,
}
