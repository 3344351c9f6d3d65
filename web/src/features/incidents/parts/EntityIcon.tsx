import {
  AppsRegular, BugRegular, CloudRegular, DesktopRegular, DocumentRegular, FingerprintRegular, GlobeRegular, LinkRegular, MailInboxRegular, MailRegular, OrganizationRegular,
  PeopleRegular, PersonRegular, TagRegular, WindowConsoleRegular, WrenchRegular,
} from "@fluentui/react-icons";
import type { EntityType } from "../../../api/types.gen";

const icons: Record<EntityType, typeof PersonRegular> = {
  Account: PersonRegular, Host: DesktopRegular, IP: GlobeRegular, URL: LinkRegular, AzureResource: CloudRegular, CloudApplication: AppsRegular, DNS: OrganizationRegular,
  File: DocumentRegular, FileHash: FingerprintRegular, Malware: BugRegular, Process: WindowConsoleRegular, RegistryKey: WrenchRegular, RegistryValue: WrenchRegular,
  SecurityGroup: PeopleRegular, Mailbox: MailInboxRegular, MailCluster: MailRegular, MailMessage: MailRegular, SubmissionMail: MailRegular, IoTDevice: DesktopRegular,
};

/** The sign of an entity type; its name stands beside it or in the title. */
export function EntityIcon({ type }: { type: EntityType }) {
  const Icon = icons[type] ?? TagRegular; // a type of a newer server
  return <Icon aria-hidden="true" style={{ flex: "none", fontSize: 14, color: "var(--colorNeutralForeground3)" }} />;
}
