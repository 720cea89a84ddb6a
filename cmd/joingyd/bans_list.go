package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

func newBansListCommand(flags *adminFlags) *cobra.Command {
	var req admin.BansRequest
	var permanent bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the active bans, the oldest first",
		Long: `List the active bans, the oldest first, and say how many there are.

Addresses are stored as keyed hashes and not shown, unless the ban was made with
--keep-address; use bans check to find the ban of an address that you know.

--limit 0 lists all bans: what fits into 128 MiB, some 500,000. For more use
filters, or joingyd bans export.`,
		Example: `  joingyd bans list --reverse                  # the newest first
  joingyd bans list --ends-within 24h --sort ends
  joingyd bans list --by auto: --scope video   # what rules have banned from video
  joingyd bans list --permanent --limit 0 -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("permanent") {
				req.Permanent = &permanent
			}
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.BanList, error) {
				return c.Bans(ctx, req)
			}, func(w io.Writer, list admin.BanList) error {
				return printBans(w, list, time.Now())
			})
		},
	}
	cmd.Flags().StringVar((*string)(&req.Scope), "scope", "", "only of this scope: all, video or relay")
	cmd.Flags().StringVar((*string)(&req.Kind), "kind", "", "only on this kind of target: address, net64 (an IPv6 /64) or prefix")
	cmd.Flags().StringVar(&req.By, "by", "", "only those made by this user or rule; auto: stands for every rule")
	cmd.Flags().StringVar(&req.Reason, "reason", "", "only those whose reason contains this")
	cmd.Flags().StringVar(&req.Report, "report", "", "only those that this report led to")
	cmd.Flags().BoolVar(&permanent, "permanent", false, "only permanent ones; --permanent=false: only those that end")
	cmd.Flags().StringVar(&req.EndsWithin, "ends-within", "", "only those that end within this time, such as 24h or 7d")
	cmd.Flags().StringVar((*string)(&req.Sort), "sort", string(admin.SortCreated), "created, ends (permanent bans last) or by")
	cmd.Flags().BoolVar(&req.Reverse, "reverse", false, "the other way round")
	cmd.Flags().IntVar(&req.Limit, "limit", 100, "list at most so many; 0: all")
	cmd.Flags().IntVar(&req.Offset, "offset", 0, "leave out so many at the start")
	completeWords(cmd, "scope", ban.Scopes())
	completeWords(cmd, "kind", []ban.Kind{ban.KindAddress, ban.KindNet64, ban.KindPrefix})
	completeWords(cmd, "sort", admin.BanSorts())
	completeFlag(cmd, "by", completeMakers(flags))
	completeFlag(cmd, "report", completeFromBans(flags, func(b ban.Ban) string { return b.Report }))
	return cmd
}

func printBans(w io.Writer, list admin.BanList, now time.Time) error {
	if len(list.Bans) > 0 {
		err := printTable(w, func(p *printer) {
			p.printf("SCOPE\tID\tTARGET\tENDS\tMADE\tBY\tREASON\n")
			for _, b := range list.Bans {
				p.printf("%s\t%s\t%s\t%s\t%s ago\t%s\t%s\n", b.Scope, b.ID, describe(b), endsIn(b, now), about(now.Sub(b.Created)), b.By, b.Reason)
			}
		})
		if err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, howMany(list))
	return err
}

// howMany says how much of what there is a list shows.
func howMany(list admin.BanList) string {
	shown, matching, all := len(list.Bans), count(list.Total, "ban"), thousands(list.Active)
	switch {
	case list.Active == 0:
		return "no bans"
	case list.Total == 0:
		return "no bans match, of " + all
	case shown < list.Total && list.Total < list.Active:
		return fmt.Sprintf("%s of %s that match, of %s", thousands(shown), matching, all)
	case shown < list.Total:
		return fmt.Sprintf("%s of %s", thousands(shown), matching)
	case list.Total == 1 && list.Active > 1:
		return "1 ban matches, of " + all
	case list.Total < list.Active:
		return fmt.Sprintf("%s match, of %s", matching, all)
	}
	return matching
}

// endsIn is short, for tables.
func endsIn(b ban.Ban, now time.Time) string {
	if b.Permanent() {
		return "permanent"
	}
	return "in " + about(b.Until.Sub(now))
}
