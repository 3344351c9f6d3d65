import { Menu, MenuButton, MenuDivider, MenuItem, MenuItemCheckbox, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";

interface Props { name: string; values: string[]; options: (readonly [string, string])[]; multiple?: boolean; onChange: (values: string[]) => void }

/** A filter as a button that says what is chosen: "Status: New, Active". */
export function FilterMenu({ name, values, options, multiple = false, onChange }: Props) {
  const chosen = options.filter(([value]) => values.includes(value)).map(([, label]) => label);
  const label = chosen.length ? chosen.join(", ") : values.length ? values.join(", ") : "any";
  const Item = multiple ? MenuItemCheckbox : MenuItemRadio;
  return (
    <Menu checkedValues={{ [name]: values }} onCheckedValueChange={(_, d) => onChange(d.checkedItems)}>
      <MenuTrigger disableButtonEnhancement>
        <MenuButton size="small" appearance={values.length ? "outline" : "subtle"} style={{ fontWeight: 400, minWidth: 0 }}><span style={{ color: "var(--colorNeutralForeground3)" }}>{name}:&nbsp;</span>{label}</MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {options.map(([value, text]) => <Item key={value} name={name} value={value}>{text}</Item>)}
          <MenuDivider />
          <MenuItem disabled={values.length === 0} onClick={() => onChange([])}>Any</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
