package main

import "github.com/spf13/cobra"

func newComplianceCommand() *cobra.Command { return &cobra.Command{Use: "compliance"} }
