const columns = (text) => text.split(",").map((c) => { const [name, type] = c.trim().split(":"); return { name, type: type ?? "string" }; });

const own = ", _EventId, _IngestionTime:datetime, _Source";

export const schema = {
  tables: [
    ["SigninLogs", "Interactive sign-ins to Entra ID.", "TimeGenerated:datetime, UserPrincipalName, UserDisplayName, IPAddress, Location, AppDisplayName, ResultType, ResultDescription, ConditionalAccessStatus, AuthenticationRequirement, DeviceDetail:dynamic, LocationDetails:dynamic, RiskLevelDuringSignIn, IsInteractive:bool, DurationMs:long, CorrelationId:guid, UserAgent"],
    ["AuditLogs", "Changes in Entra ID.", "TimeGenerated:datetime, OperationName, Category, Result, InitiatedBy:dynamic, TargetResources:dynamic, AdditionalDetails:dynamic, CorrelationId"],
    ["OfficeActivity", "Exchange, SharePoint and Teams audit.", "TimeGenerated:datetime, Operation, OfficeWorkload, UserId, ClientIP, ResultStatus, Parameters:dynamic, AppId, OfficeObjectId"],
    ["SecurityEvent", "Windows security events.", "TimeGenerated:datetime, Computer, EventID:int, Account, AccountType, Process, CommandLine, ParentProcessName, SubjectUserName, TargetUserName, IpAddress, LogonType:int, EventData:dynamic"],
    ["EmailEvents", "Mail flow.", "Timestamp:datetime, NetworkMessageId, SenderFromAddress, RecipientEmailAddress, Subject, DeliveryAction, ThreatTypes"],
    ["EmailUrlInfo", "URLs in mail.", "Timestamp:datetime, NetworkMessageId, Url, UrlDomain"],
    ["UrlClickEvents", "Clicks on URLs.", "Timestamp:datetime, AccountUpn, Url, ActionType, IPAddress, NetworkMessageId"],
    ["DeviceProcessEvents", "Process starts on devices.", "Timestamp:datetime, DeviceName, FileName, FolderPath, ProcessCommandLine, SHA256, AccountName, InitiatingProcessFileName, InitiatingProcessCommandLine, ProcessId:long"],
    ["DeviceNetworkEvents", "Network connections of devices.", "Timestamp:datetime, DeviceName, RemoteIP, RemotePort:int, RemoteUrl, InitiatingProcessFileName"],
    ["DeviceEvents", "Other events of devices.", "Timestamp:datetime, DeviceName, ActionType, FileName, AdditionalFields:dynamic"],
    ["Syslog", "Unix and network devices.", "TimeGenerated:datetime, Computer, Facility, SeverityLevel, ProcessName, SyslogMessage"],
    ["CommonSecurityLog", "CEF from firewalls and proxies.", "TimeGenerated:datetime, DeviceVendor, DeviceProduct, Activity, SourceIP, DestinationIP, DestinationPort:int, SentBytes:long, ReceivedBytes:long"],
    ["SecurityAlert", "Alerts of this workspace.", "TimeGenerated:datetime, AlertName, AlertSeverity, SystemAlertId, Tactics, Techniques, Entities:dynamic"],
    ["SecurityIncident", "One row for each change of an incident.", "TimeGenerated:datetime, IncidentNumber:int, Title, Severity, Status, Owner:dynamic, Classification, CreatedTime:datetime, ClosedTime:datetime"],
    ["DeadLetters", "Records that could not become rows, with the reason.", "TimeGenerated:datetime, Source, Reason, Body"],
  ].map(([name, description, text]) => ({ name, description, columns: columns(text + own) })),
  functions: [
    { name: "RareProcesses", parameters: "(lookback:timespan=7d, limit:long=3)", body: "DeviceProcessEvents | where Timestamp > ago(lookback) | summarize Devices=dcount(DeviceName) by FileName | where Devices <= limit" },
    { name: "FailedSignins", parameters: "()", body: "SigninLogs | where ResultType != \"0\"" },
  ],
};
