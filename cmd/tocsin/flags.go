package main

import (
	"crypto/rand"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsin-soc/tocsin/internal/app"
)

// dataFlags are what every verb that opens a data folder takes.
type dataFlags struct {
	data  string
	state string
	rules []string
	funcs []string
	lists []string
	table []string
	maps  []string
	allow []string
	geoip string
	debug bool
}

// add declares the flags. withRules also declares those of the folders of content.
func (f *dataFlags) add(cmd *cobra.Command, withRules bool) {
	cmd.Flags().StringVar(&f.data, "data", "", "data folder (telemetry and, unless --state says otherwise, incidents)")
	cmd.Flags().StringVar(&f.state, "state", os.Getenv("TOCSIN_STATE"), "where incidents and users are kept: a SQLite file or a postgres:// address [TOCSIN_STATE]")
	cmd.Flags().BoolVar(&f.debug, "debug", false, "log everything")
	if withRules {
		cmd.Flags().StringArrayVar(&f.rules, "rules", nil, "folder of Sigma or Sentinel rules to load besides the built-in ones (repeatable)")
		f.addFolders(cmd)
		f.addMappings(cmd)
		f.addOutside(cmd)
	}
}

// addOutside declares what queries may know beyond the store.
func (f *dataFlags) addOutside(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.allow, "allow-external", nil, "host (lists.example.org, *.example.org) or prefix (https://lists.example.org/ioc/) that externaldata may read (repeatable)")
	cmd.Flags().StringVar(&f.geoip, "geoip", os.Getenv("TOCSIN_GEOIP"), "GeoIP database in MaxMind's format, for geo_info_from_ip_address() [TOCSIN_GEOIP]")
}

// addFolders declares --functions, --watchlists and --tables: what a query may name.
func (f *dataFlags) addFolders(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.lists, "watchlists", nil, "folder of watchlists (YAML and CSV) to load besides the built-in ones (repeatable)")
	cmd.Flags().StringArrayVar(&f.funcs, "functions", nil, "folder of workspace functions (parsers) to load besides the built-in ones (repeatable)")
	f.addTables(cmd)
}

// addTables declares --tables.
func (f *dataFlags) addTables(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.table, "tables", nil, "folder of table files to load besides the built-in ones (repeatable)")
}

// addMappings declares --mappings.
func (f *dataFlags) addMappings(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.maps, "mappings", nil, "folder of mapping files (record to row) to load besides the built-in ones (repeatable)")
}

// config makes the configuration these flags ask for.
func (f *dataFlags) config() app.Config {
	level := slog.LevelWarn
	if f.debug {
		level = slog.LevelDebug
	}
	began := time.Now()
	return app.Config{
		Clock: func() int64 { return int64(time.Since(began)) },
		Data:  f.data, State: f.state, RuleDirs: f.rules, FuncDirs: f.funcs, ListDirs: f.lists, TableDirs: f.table, MapDirs: f.maps, External: f.allow, GeoIP: f.geoip, Version: version,
		Now: time.Now, Random: rand.Reader, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}
}
