// Command beats is Elastic's Filebeat and, under the name winlogbeat, what of
// Winlogbeat runs without Windows: the parts under the Apache licence, built
// from their Go module.
package main

import (
	"os"
	"path/filepath"

	"github.com/elastic/beats/v7/filebeat/cmd"
	inputs "github.com/elastic/beats/v7/filebeat/input/default-inputs"
)

func main() {
	root := cmd.Filebeat(inputs.Init, cmd.FilebeatSettings(""))
	if filepath.Base(os.Args[0]) == "winlogbeat" {
		root = winlogbeat()
	}
	if err := root.Execute(); err != nil {
		os.Exit(1)
	}
}
