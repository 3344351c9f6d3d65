package main

import (
	"github.com/spf13/cobra"
)

func newKQL() *cobra.Command {
	cmd := &cobra.Command{Use: "kql", Short: "Work with KQL text"}
	cmd.AddCommand(newKQLBatch(), newKQLFmt(), newKQLExplain())
	return cmd
}
