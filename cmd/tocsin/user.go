package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/tocsin-soc/tocsin"
	"github.com/tocsin-soc/tocsin/internal/app"
)

func newUser() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Manage users and tokens"}
	cmd.AddCommand(newUserAdd(), newUserList(), newUserLink(), newUserToken(), newUserTokens(), newUserRevoke())
	return cmd
}

// withState opens the state store alone, so that it works beside a running server.
func withState(cmd *cobra.Command, f *dataFlags, do func(*app.Accounts) error) error {
	if f.data == "" && f.state == "" {
		return fmt.Errorf("%w: %s needs --data DIR", errUsage, cmd.CommandPath())
	}
	accounts, err := app.OpenAccounts(cmd.Context(), f.config())
	if err != nil {
		return err
	}
	err = do(accounts)
	if cerr := accounts.Close(); err == nil {
		err = cerr
	}
	return err
}

func newUserAdd() *cobra.Command {
	var f dataFlags
	var role, name string
	cmd := &cobra.Command{
		Use:     "add USER",
		Short:   "Add a user; the password is asked for, or read from standard input",
		Example: "  tocsin user add amelie --name 'Amelie Berg' --role responder --data DIR",
		Args:    exactly(1, "one USER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !tocsin.Role(role).Valid() {
				return fmt.Errorf("%w: --role is reader, responder, contributor or admin", errUsage)
			}
			password, err := readPassword(cmd)
			if err != nil {
				return err
			}
			return withState(cmd, &f, func(a *app.Accounts) error {
				return a.AddUser(cmd.Context(), args[0], name, tocsin.Role(role), password)
			})
		},
	}
	f.add(cmd, false)
	cmd.Flags().StringVar(&role, "role", "responder", "reader, responder, contributor or admin")
	cmd.Flags().StringVar(&name, "name", "", "name to show")
	return cmd
}

// readPassword asks on a terminal without echo, else reads one line.
func readPassword(cmd *cobra.Command) (string, error) {
	if term.IsTerminal(int(os.Stdin.Fd())) {
		fmt.Fprint(os.Stderr, "Password (at least 12 characters): ")
		text, err := term.ReadPassword(int(os.Stdin.Fd()))
		fmt.Fprintln(os.Stderr)
		return string(text), err
	}
	line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if line == "" && err != nil {
		return "", fmt.Errorf("reading the password from standard input: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

func newUserList() *cobra.Command {
	var f dataFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List users", Example: "  tocsin user list --data DIR", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withState(cmd, &f, func(a *app.Accounts) error {
				users, err := a.Users(cmd.Context())
				for _, u := range users {
					fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\n", u.User, u.Role, u.DisplayName)
				}
				return err
			})
		},
	}
	f.add(cmd, false)
	return cmd
}

func newUserLink() *cobra.Command {
	var f dataFlags
	cmd := &cobra.Command{
		Use: "link USER", Short: "Print a one-time sign-in link's token, good for ten minutes",
		Example: "  tocsin user link amelie --data DIR   # open /signin?link=TOKEN", Args: exactly(1, "one USER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withState(cmd, &f, func(a *app.Accounts) error {
				link, err := a.Link(cmd.Context(), args[0])
				if err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), link)
				}
				return err
			})
		},
	}
	f.add(cmd, false)
	return cmd
}

func newUserToken() *cobra.Command {
	var f dataFlags
	var scopes []string
	var days int
	cmd := &cobra.Command{
		Use: "token USER NAME", Short: "Make an API token for a user; it is shown once",
		Example: "  tocsin user token amelie fluent-bit --scope ingest --days 365 --data DIR", Args: exactly(2, "a USER and a NAME for the token"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withState(cmd, &f, func(a *app.Accounts) error {
				token, err := a.NewToken(cmd.Context(), args[0], args[1], scopes, days)
				if err == nil {
					fmt.Fprintln(cmd.OutOrStdout(), token)
				}
				return err
			})
		},
	}
	f.add(cmd, false)
	cmd.Flags().StringArrayVar(&scopes, "scope", nil, "ingest, query or api (repeatable)")
	cmd.Flags().IntVar(&days, "days", 90, "days until it expires")
	return cmd
}

func newUserTokens() *cobra.Command {
	var f dataFlags
	cmd := &cobra.Command{
		Use: "tokens", Short: "List API tokens: id, name, scopes, last use, expiry; never the token itself",
		Example: "  tocsin user tokens --data DIR", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withState(cmd, &f, func(a *app.Accounts) error {
				tokens, err := a.Tokens(cmd.Context())
				for _, t := range tokens {
					fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\t%s\tused %s\tuntil %s\n", t.ID, t.Name, strings.Join(t.Scopes, ","), t.UsedAt.Format(time.DateTime), t.ExpiresAt.Format(time.DateOnly))
				}
				return err
			})
		},
	}
	f.add(cmd, false)
	return cmd
}

func newUserRevoke() *cobra.Command {
	var f dataFlags
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "End an API token; a running server refuses it within five seconds",
		Example: "  tocsin user tokens --data DIR\n  tocsin user revoke 3f2a9c --data DIR", Args: exactly(1, "the ID of a token, see tocsin user tokens"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withState(cmd, &f, func(a *app.Accounts) error { return a.RevokeToken(cmd.Context(), args[0]) })
		},
	}
	f.add(cmd, false)
	return cmd
}
