package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/api"
)

func newHold() *cobra.Command {
	cmd := &cobra.Command{
		Use: "hold", Short: "Keep events from being deleted by retention (legal hold)",
		Long: "A hold keeps rows whatever their age and however full the store is, until it is\n" +
			"released. Each works on a data folder that no server has open, or on a running server\n" +
			"with --server and --token.",
	}
	cmd.AddCommand(newHoldAdd(), newHoldList(), newHoldRelease())
	return cmd
}

func newHoldAdd() *cobra.Command {
	var place placeFlags
	var h api.HoldRequest
	var from, to string
	cmd := &cobra.Command{
		Use: "add", Short: "Set a hold",
		Long: "Holds the rows that meet every condition given; without any, all rows of all\n" +
			"tables. --entity holds rows in which the text occurs in any column. --incident holds\n" +
			"from an hour before the incident's first activity on.",
		Example: "  tocsin hold add --data DIR --table SigninLogs --from 2026-11-01 --to 2026-12-01 --reason 'case 2026-17, legal department'\n" +
			"  tocsin hold add --server http://127.0.0.1:8700 --incident 42 --entity amelie@contoso.com --reason 'case 2026-18'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if h.Reason == "" {
				return fmt.Errorf("%w: hold add needs --reason", errUsage)
			}
			if h.From, err = parseDay("--from", from); err != nil {
				return err
			}
			if h.To, err = parseDay("--to", to); err != nil {
				return err
			}
			a, done, err := place.open(cmd)
			if err != nil {
				return err
			}
			defer done()
			hold, err := place.keeping(a).AddHold(cmd.Context(), h, commandLine)
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), hold.ID)
			}
			return err
		},
	}
	place.add(cmd)
	cmd.Flags().StringVar(&h.Table, "table", "", "only this table")
	cmd.Flags().StringVar(&from, "from", "", "event time from, such as 2026-11-21 or 2026-11-21T10:00:00Z")
	cmd.Flags().StringVar(&to, "to", "", "event time before")
	cmd.Flags().StringVar(&h.Entity, "entity", "", "only rows in which this text occurs")
	cmd.Flags().Int64Var(&h.Incident, "incident", 0, "number of an incident")
	cmd.Flags().StringVar(&h.Reason, "reason", "", "why (needed)")
	return cmd
}

// parseDay reads a day or a time, UTC unless it says otherwise.
func parseDay(flag, text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano, time.DateTime} {
		if t, err := time.Parse(layout, text); err == nil {
			return &t, nil
		}
	}
	return nil, fmt.Errorf("%w: %s is a day such as 2026-11-21 or a time such as 2026-11-21T10:00:00Z", errUsage, flag)
}

func newHoldList() *cobra.Command {
	var place placeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List holds, released ones too", Example: "  tocsin hold list --data DIR", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, done, err := place.open(cmd)
			if err != nil {
				return err
			}
			defer done()
			list, err := place.keeping(a).Holds(cmd.Context())
			if err != nil {
				return err
			}
			for i := range list {
				if asJSON {
					_ = json.NewEncoder(cmd.OutOrStdout()).Encode(list[i]) // standard output is gone if this fails
				} else {
					fmt.Fprintln(cmd.OutOrStdout(), holdLine(&list[i]))
				}
			}
			return nil
		},
	}
	place.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON line per hold")
	return cmd
}

// holdLine describes a hold in one line.
func holdLine(h *api.Hold) string {
	scope := []string{"all tables"}
	if h.Table != "" {
		scope[0] = h.Table
	}
	if h.From != nil {
		scope = append(scope, "from "+h.From.UTC().Format(time.DateTime))
	}
	if h.To != nil {
		scope = append(scope, "to "+h.To.UTC().Format(time.DateTime))
	}
	if h.Entity != "" {
		scope = append(scope, "with "+oneLine(h.Entity))
	}
	if h.Incident != 0 {
		scope = append(scope, fmt.Sprintf("incident %d", h.Incident))
	}
	state := "stands"
	if h.ReleasedAt != nil {
		state = "released " + h.ReleasedAt.UTC().Format(time.DateTime) + " by " + h.ReleasedBy + " (" + oneLine(h.ReleaseReason) + ")"
	}
	return fmt.Sprintf("%s  %s  set %s by %s  %s  %s", h.ID, state, h.CreatedAt.UTC().Format(time.DateTime), h.CreatedBy, strings.Join(scope, ", "), oneLine(h.Reason))
}

func newHoldRelease() *cobra.Command {
	var place placeFlags
	var reason string
	cmd := &cobra.Command{
		Use: "release ID", Short: "End a hold; it stays listed", Example: "  tocsin hold release hold-4f0c2a91be77 --data DIR --reason 'case 2026-17 is closed'", Args: exactly(1, "the ID of a hold"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if reason == "" {
				return fmt.Errorf("%w: hold release needs --reason", errUsage)
			}
			a, done, err := place.open(cmd)
			if err != nil {
				return err
			}
			defer done()
			return place.keeping(a).ReleaseHold(cmd.Context(), args[0], commandLine, reason)
		},
	}
	place.add(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why (needed)")
	return cmd
}
