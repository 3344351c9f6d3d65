import { account, app, host, ip, mail, mailbox, url, process } from "./entities.mjs";

/**
 * The two rich incidents. Minutes are counted back from now. Each alert says
 * which rule raised it, what it rests on and why correlation linked it.
 */
const amelie = account("amelie.kovac@contoso.example");
const attackerIp = ip("203.0.113.45", { Location: "NL" });
const appId = "7e1a5c0b-3f6d-4b1e-9d52-5a1c7f0e2b11";
const oauthApp = app("O365 Document Share", appId);
const lureMail = mail("Shared document: Q4 salary review.xlsx", "no-reply@contoso-share.example", "8a6f2f0e-51c2-4d9b-7a63-08dd0a4c21e9");

export const consentTheft = {
  title: "Phishing led to illicit app consent and mailbox theft: amelie.kovac",
  severity: "high", status: "new", owner: "", tags: ["phishing", "oauth"], openedAgo: 96,
  alerts: [
    {
      ago: 182, rule: "a1c7", kind: "scheduled", title: "Mail with lookalike sender domain delivered", severity: "medium",
      author: "Tocsin", tactics: ["InitialAccess"], techniques: ["T1566.002"],
      description: "A message from a domain that resembles a trusted one, seen for the first time, reached an inbox.",
      entities: [lureMail, mailbox("amelie.kovac@contoso.example"), url("https://contoso-share.example/d/q4-review")],
      evidence: [["EmailEvents", 182, "no-reply@contoso-share.example → amelie.kovac@contoso.example “Shared document: Q4 salary review.xlsx” Delivered to Inbox"],
        ["EmailUrlInfo", 182, "https://contoso-share.example/d/q4-review in message body"]],
      reason: ["first", "opened the incident", "", 1],
    },
    {
      ago: 176, rule: "b2d1", kind: "nrt", title: "Click on a URL from a quarantined campaign", severity: "medium",
      author: "Tocsin", tactics: ["InitialAccess"], techniques: ["T1566.002"],
      description: "A user clicked through to a URL that the campaign clustering links to phishing.",
      entities: [amelie, url("https://contoso-share.example/d/q4-review"), ip("198.51.100.23", { Location: "AT" })],
      evidence: [["UrlClickEvents", 176, "amelie.kovac@contoso.example clicked https://contoso-share.example/d/q4-review from 198.51.100.23, ClickAllowed"]],
      reason: ["sequence.mail-then-click", "the recipient of the message clicked its URL 6 min later", "url|url|https://contoso-share.example/d/q4-review", 0.94],
    },
    {
      ago: 171, rule: "c3e9", kind: "scheduled", title: "Suspicious application consent", severity: "high",
      author: "Tocsin", tactics: ["CredentialAccess", "Persistence"], techniques: ["T1528", "T1098.003"],
      description: "A user granted a newly registered, unverified application delegated permissions to read mail and to stay signed in.",
      entities: [amelie, oauthApp, ip("198.51.100.23", { Location: "AT" })],
      evidence: [["AuditLogs", 171, "Consent to application: O365 Document Share by amelie.kovac, scopes Mail.Read MailboxSettings.ReadWrite offline_access"],
        ["AuditLogs", 171, "Add delegated permission grant: O365 Document Share → Microsoft Graph, ConsentType Principal"],
        ["AuditLogs", 172, "Add service principal: O365 Document Share, publisher not verified"]],
      details: { Scopes: ["Mail.Read", "MailboxSettings.ReadWrite", "offline_access"], Publisher: ["unverified"] },
      reason: ["entity.account", "same account amelie.kovac@contoso.example within 2 h", amelie.key, 0.88],
    },
    {
      ago: 142, rule: "d4f0", kind: "scheduled", title: "New inbox rule hides messages", severity: "medium",
      author: "Tocsin", tactics: ["DefenseEvasion", "Collection"], techniques: ["T1564.008", "T1114.003"],
      description: "An inbox rule that deletes or moves messages by financial keywords was created.",
      entities: [amelie, mailbox("amelie.kovac@contoso.example"), attackerIp],
      evidence: [["OfficeActivity", 142, "New-InboxRule “.” SubjectContainsWords invoice;payment;iban DeleteMessage True by amelie.kovac from 203.0.113.45"]],
      reason: ["entity.mailbox", "same mailbox amelie.kovac@contoso.example within 2 h", "mailbox|mailboxprimaryaddress|amelie.kovac@contoso.example", 0.91],
    },
    {
      ago: 118, rule: "e5a3", kind: "scheduled", title: "Application read an unusual number of messages", severity: "high",
      author: "Tocsin", tactics: ["Collection", "Exfiltration"], techniques: ["T1114.002", "T1567"],
      description: "An application accessed more than 20 times as many mail items as in any hour of the last 14 days.",
      entities: [amelie, oauthApp, attackerIp, mailbox("amelie.kovac@contoso.example")],
      evidence: [["OfficeActivity", 121, "MailItemsAccessed (Bind) 412 items, AppId 7e1a5c0b-…, ClientIP 203.0.113.45"],
        ["OfficeActivity", 119, "MailItemsAccessed (Bind) 655 items, AppId 7e1a5c0b-…, ClientIP 203.0.113.45"],
        ["OfficeActivity", 118, "MailItemsAccessed (Sync) folder Inbox, AppId 7e1a5c0b-…, ClientIP 203.0.113.45"]],
      details: { Items: ["1067"], Folders: ["Inbox", "Sent Items"] }, count: 3,
      reason: ["entity.app", "same application O365 Document Share within 24 h", `cloudapplication|appid|${appId}`, 0.97],
    },
  ],
  log: [
    [96, "rule", "Suspicious application consent", "opened", "opened from 1 alert"],
    [95, "correlation", "Correlation", "alertAttached", "attached 4 alerts: same account, same mailbox, same application"],
    [95, "correlation", "Correlation", "severityChanged", "raised severity from medium to high"],
  ],
};

const sprayIp = ip("192.0.2.77", { Location: "RU" });
const victim = account("j.brandt@contoso.example");
const jump = host("WS-JB-014.corp.contoso.example");

export const passwordSpray = {
  title: "Password spray from 192.0.2.77 with one success: j.brandt",
  severity: "high", status: "active", owner: "priya", tags: ["identity"], openedAgo: 240, acknowledgedAgo: 228,
  alerts: [
    {
      ago: 268, rule: "f6b4", kind: "scheduled", title: "Password spray against many accounts", severity: "medium",
      author: "Tocsin", tactics: ["CredentialAccess"], techniques: ["T1110.003"],
      description: "One address failed to sign in to at least 20 accounts with few attempts each.",
      entities: [sprayIp, account("a.novak@contoso.example"), account("m.keller@contoso.example"), account("s.ito@contoso.example"), victim],
      evidence: Array.from({ length: 9 }, (_, i) => ["SigninLogs", 280 - i, `50126 invalid password for user${i + 11}@contoso.example from 192.0.2.77, app Exchange Online, legacy auth`]),
      details: { Accounts: ["47"], Failures: ["188"] }, count: 6, notes: ["188 matching events found, the first 9 are kept as evidence."],
      reason: ["first", "opened the incident", "", 1],
    },
    {
      ago: 251, rule: "07c5", kind: "nrt", title: "Successful sign-in after password spray", severity: "high",
      author: "Tocsin", tactics: ["CredentialAccess", "InitialAccess"], techniques: ["T1110.003", "T1078.004"],
      description: "An account that was sprayed signed in from the same address.",
      entities: [victim, sprayIp],
      evidence: [["SigninLogs", 251, "0 success for j.brandt@contoso.example from 192.0.2.77, app Azure Portal, single factor"]],
      reason: ["entity.ip", "same address 192.0.2.77 within 1 h", sprayIp.key, 0.93],
    },
    {
      ago: 214, rule: "18d6", kind: "sigma", title: "Suspicious encoded PowerShell", severity: "medium",
      author: "SigmaHQ contributors", tactics: ["Execution"], techniques: ["T1059.001"],
      description: "PowerShell was started with an encoded command that downloads and runs content.",
      entities: [jump, account("j.brandt@contoso.example"), process("powershell.exe -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQA…")],
      evidence: [["DeviceProcessEvents", 214, "WS-JB-014 explorer.exe → powershell.exe -nop -w hidden -enc SQBFAFgA…"],
        ["DeviceNetworkEvents", 214, "WS-JB-014 powershell.exe → 192.0.2.80:443"]],
      reason: ["entity.account", "same account j.brandt@contoso.example within 2 h", victim.key, 0.81],
    },
    {
      ago: 209, rule: "29e7", kind: "sigma", title: "LSASS memory read by unusual process", severity: "high",
      author: "SigmaHQ contributors", tactics: ["CredentialAccess"], techniques: ["T1003.001"],
      description: "A process that is not part of the system opened LSASS with read access.",
      entities: [jump, process("rundll32.exe C:\\windows\\system32\\comsvcs.dll, MiniDump 624 C:\\Users\\Public\\l.dmp full")],
      evidence: [["DeviceEvents", 209, "WS-JB-014 rundll32.exe opened lsass.exe, access 0x1410"]],
      reason: ["entity.host", "same host WS-JB-014.corp.contoso.example within 2 h", jump.key, 0.86], status: "resolved",
    },
  ],
  log: [
    [240, "rule", "Password spray against many accounts", "opened", "opened from 1 alert"],
    [239, "correlation", "Correlation", "alertAttached", "attached “Successful sign-in after password spray”: same address 192.0.2.77"],
    [228, "person", "Priya Raman", "assigned", "assigned to priya"],
    [228, "person", "Priya Raman", "statusChanged", "changed status from new to active"],
    [221, "person", "Priya Raman", "commented", "commented", "Spoke to J. Brandt: not him, he is on a train without laptop. Sessions revoked and password reset at 14:02 UTC.\nWaiting for the host image of WS-JB-014."],
    [206, "correlation", "Correlation", "alertAttached", "attached “LSASS memory read by unusual process”: same host WS-JB-014"],
  ],
};
