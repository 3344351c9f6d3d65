import { LinkDismissRegular } from "@fluentui/react-icons";
import { useNavigate } from "@tanstack/react-router";
import { Empty } from "../ui/Empty";

export function NotFound() {
  const navigate = useNavigate();
  return (
    <Empty icon={<LinkDismissRegular />} title="There is no page at this address" action={{ label: "Go to incidents", onClick: () => void navigate({ to: "/incidents" }) }}>
      The link may be old or mistyped.
    </Empty>
  );
}
