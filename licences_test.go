package tocsin_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// permissive are the licences that modules may have, as SPDX calls them: they
// ask for no more than to be named.
var permissive = []string{"MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Apache-2.0"}

// otherLicences lists the modules under another licence, with what it asks for
// and why the module is here.
var otherLicences = map[string]string{
	"github.com/hashicorp/go-version": "MPL-2.0: its own files stay under it and open, which they are, unchanged; OpenTelemetry's pdata compares versions with it",
}

// licences tells licences apart by words that only they have. A file may hold
// several.
var licences = []struct {
	name  string
	words *regexp.Regexp
}{
	{"GPL or its kin", regexp.MustCompile(`GNU (AFFERO |LESSER |LIBRARY )?GENERAL PUBLIC LICENSE`)},
	{"source-available", regexp.MustCompile(`(?i)Business Source License|Server Side Public License|Elastic License|Commons Clause|non-?commercial`)},
	{"MPL-2.0", regexp.MustCompile(`(?i)Mozilla Public License,? version 2\.0`)},
	{"Apache-2.0", regexp.MustCompile(`Apache License,? Version 2\.0`)},
	{"BSD-3-Clause", regexp.MustCompile(`Redistribution and use in source and binary forms.*endorse or promote products derived from this`)},
	{"BSD-2-Clause", regexp.MustCompile(`Redistribution and use in source and binary forms`)}, // which BSD-3-Clause also says
	{"MIT", regexp.MustCompile(`Permission is hereby granted, free of charge, to any person obtaining a copy`)},
	{"ISC", regexp.MustCompile(`Permission to use, copy, modify,? and(/or)? distribute this software for any purpose`)},
}

// licencesIn names the licences that a folder's file of that name holds.
func licencesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		stem := strings.ToUpper(strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())))
		if e.IsDir() || stem != "LICENSE" && stem != "LICENCE" && stem != "COPYING" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		words := strings.Join(strings.Fields(string(text)), " ")
		var found []string
		for _, l := range licences {
			if l.words.MatchString(words) && (l.name != "BSD-2-Clause" || !slices.Contains(found, "BSD-3-Clause")) {
				found = append(found, l.name)
			}
		}
		if found == nil {
			return nil, fmt.Errorf("%s holds no licence this test knows", e.Name())
		}
		return found, nil
	}
	return nil, fmt.Errorf("no file LICENSE")
}

// TestLicences reads the licence of every module that a package or test of ours
// is built from.
func TestLicences(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-test", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}|{{.Dir}}{{end}}{{end}}", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	lines := strings.Fields(string(out))
	slices.Sort(lines)
	lines = slices.Compact(lines)
	if len(lines) < len(modules) {
		t.Fatalf("go list names %d modules", len(lines))
	}
	others := map[string]bool{}
	for _, line := range lines {
		mod, dir, _ := strings.Cut(line, "|")
		names, err := licencesIn(dir)
		if err != nil {
			t.Errorf("%s: %v; read what it says", mod, err)
			continue
		}
		for _, name := range names {
			if reason, ok := otherLicences[mod]; ok && strings.HasPrefix(reason, name+":") {
				others[mod] = true
			} else if !slices.Contains(permissive, name) {
				t.Errorf("%s is under %s. Do without it, or say in otherLicences what that asks for and why it is worth it", mod, name)
			}
		}
		all := strings.Join(names, " AND ")
		for own, f := range modules {
			if (mod == own || strings.HasPrefix(mod, own+"/")) && f.licence != all {
				t.Errorf("%s is under %s; repo_test.go says %q", mod, all, f.licence)
			}
		}
	}
	for mod := range otherLicences {
		if !others[mod] {
			t.Errorf("%s stands in otherLicences and is not used", mod)
		}
	}
}
