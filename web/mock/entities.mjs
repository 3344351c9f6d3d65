const entity = (type, label, identifiers, key) => ({ type, label, key: key ?? `${type}|${label}`.toLowerCase(), identifiers });

export const account = (upn) => {
  const [Name, UPNSuffix] = upn.split("@");
  return entity("Account", upn, { Name, UPNSuffix }, `account|name+upnsuffix|${Name}|${UPNSuffix}`.toLowerCase());
};
export const ip = (Address, more = {}) => entity("IP", Address, { Address, ...more }, `ip|address|${Address}`);
export const host = (fqdn) => {
  const [HostName, ...rest] = fqdn.split(".");
  return entity("Host", fqdn, { HostName, DnsDomain: rest.join(".") }, `host|hostname|${HostName}`.toLowerCase());
};
export const url = (Url) => entity("URL", Url, { Url }, `url|url|${Url}`.toLowerCase());
export const app = (Name, AppId) => entity("CloudApplication", Name, { Name, AppId }, `cloudapplication|appid|${AppId}`);
export const mailbox = (address) => entity("Mailbox", address, { MailboxPrimaryAddress: address }, `mailbox|mailboxprimaryaddress|${address}`);
export const mail = (subject, sender, id) =>
  entity("MailMessage", id, { NetworkMessageId: id, Subject: subject, Sender: sender }, `mailmessage|networkmessageid|${id}`);
export const file = (Directory, Name) => entity("File", `${Directory}\\${Name}`, { Directory, Name });
export const hash = (Value) => entity("FileHash", Value, { Algorithm: "SHA256", Value });
export const process = (CommandLine) => entity("Process", CommandLine, { CommandLine });
export const system = () => entity("Account", "NT AUTHORITY\\SYSTEM", { Name: "SYSTEM", NTDomain: "NT AUTHORITY" }, "");
