package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/api"
	"github.com/tocsin-soc/tocsin/internal/app"
)

// placeFlags say where a verb does its work: in a data folder that no server has
// open, or on a running server.
type placeFlags struct {
	dataFlags
	server, token string
	sources       string
}

func (f *placeFlags) add(cmd *cobra.Command) {
	f.dataFlags.add(cmd, false)
	f.addTables(cmd)
	cmd.Flags().StringVar(&f.server, "server", "", "address of a running server")
	cmd.Flags().StringVar(&f.token, "token", os.Getenv("TOCSIN_TOKEN"), "API token for --server [TOCSIN_TOKEN]")
}

// open checks the flags and opens the data folder; the App is nil with --server.
func (f *placeFlags) open(cmd *cobra.Command) (*app.App, func(), error) {
	if (f.data == "") == (f.server == "") {
		return nil, nil, fmt.Errorf("%w: %s needs --data DIR or --server URL", errUsage, cmd.CommandPath())
	}
	if f.server != "" && len(f.table)+len(f.maps) > 0 {
		return nil, nil, fmt.Errorf("%w: --tables and --mappings go with --data; a server has those it was started with", errUsage)
	}
	if f.server != "" {
		return nil, func() {}, nil
	}
	config := f.config()
	config.SourcesFile = f.sources
	a, err := app.Open(cmd.Context(), config)
	if err != nil {
		return nil, nil, err
	}
	return a, func() { closeApp(a) }, nil
}

// commandLine is who works on a data folder.
const commandLine = "command line"

// letters returns the dead letters of the folder or the server.
func (f *placeFlags) letters(a *app.App) api.DeadLetters {
	if a != nil {
		return a.DeadLetters()
	}
	return &remoteLetters{f}
}

// keeping returns the retention of the folder or the server.
func (f *placeFlags) keeping(a *app.App) holdKeeper {
	if a != nil {
		return a.Retention()
	}
	return &remoteHolds{f}
}

// remoteLetters are the dead letters of a running server.
type remoteLetters struct{ at *placeFlags }

func letterParams(q api.DeadLetterQuery) url.Values {
	v := url.Values{}
	for name, text := range map[string]string{"state": q.State, "source": q.Source, "table": q.Table, "reason": q.Reason, "kind": q.Kind} {
		if text != "" {
			v.Set(name, text)
		}
	}
	if q.Since != nil {
		v.Set("since", q.Since.UTC().Format(time.RFC3339Nano))
	}
	return v
}

// List implements api.DeadLetters.
func (r *remoteLetters) List(ctx context.Context, q api.DeadLetterQuery, newestFirst bool, limit int, cursor string) (out api.DeadLetterList, err error) {
	v := letterParams(q)
	if newestFirst {
		v.Set("order", "newest")
	}
	v.Set("limit", strconv.Itoa(limit))
	if cursor != "" {
		v.Set("cursor", cursor)
	}
	return out, get(ctx, r.at.server, "/api/v1/dead-letters?"+v.Encode(), r.at.token, &out)
}

// Groups implements api.DeadLetters.
func (r *remoteLetters) Groups(ctx context.Context, q api.DeadLetterQuery) (out api.DeadLetterGroups, err error) {
	return out, get(ctx, r.at.server, "/api/v1/dead-letters/groups?"+letterParams(q).Encode(), r.at.token, &out)
}

// Get implements api.DeadLetters.
func (r *remoteLetters) Get(ctx context.Context, id string) (out api.DeadLetter, err error) {
	return out, get(ctx, r.at.server, "/api/v1/dead-letters/"+url.PathEscape(id), r.at.token, &out)
}

// Replay implements api.DeadLetters. The server knows who asks by the token.
func (r *remoteLetters) Replay(ctx context.Context, in api.ReplayRequest, _ string) (out api.ReplayResult, err error) {
	return out, post(ctx, r.at.server, "/api/v1/dead-letters/replay", r.at.token, in, &out)
}

// Discard implements api.DeadLetters.
func (r *remoteLetters) Discard(ctx context.Context, in api.DiscardRequest, _ string) (out api.DiscardResult, err error) {
	return out, post(ctx, r.at.server, "/api/v1/dead-letters/discard", r.at.token, in, &out)
}

// A holdKeeper sets and releases holds, here or on a server.
type holdKeeper interface {
	Holds(ctx context.Context) ([]api.Hold, error)
	AddHold(ctx context.Context, h api.HoldRequest, by string) (api.Hold, error)
	ReleaseHold(ctx context.Context, id, by, reason string) error
}

// remoteHolds are the holds of a running server.
type remoteHolds struct{ at *placeFlags }

// Holds implements holdKeeper.
func (r *remoteHolds) Holds(ctx context.Context) ([]api.Hold, error) {
	var list api.HoldList
	err := get(ctx, r.at.server, "/api/v1/holds", r.at.token, &list)
	return list.Items, err
}

// AddHold implements holdKeeper.
func (r *remoteHolds) AddHold(ctx context.Context, h api.HoldRequest, _ string) (out api.Hold, err error) {
	return out, post(ctx, r.at.server, "/api/v1/holds", r.at.token, h, &out)
}

// ReleaseHold implements holdKeeper.
func (r *remoteHolds) ReleaseHold(ctx context.Context, id, _, reason string) error {
	var list api.HoldList
	return post(ctx, r.at.server, "/api/v1/holds/"+url.PathEscape(id)+"/release", r.at.token, api.ReleaseRequest{Reason: reason}, &list)
}
