package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/moderate/ncmec"
)

// ncmecFlags is what a person has to say of a report to NCMEC.
type ncmecFlags struct {
	identities []string
	out        string
	kind       string
	first      string
	last       string
	email      string
	site       string
	danger     string
	info       string
	viewed     string
	production bool
}

func newReportsNCMECCommand(flags *adminFlags) *cobra.Command {
	var f ncmecFlags
	cmd := &cobra.Command{
		Use:   "ncmec CASE --out DIR --type TYPE --first-name NAME --last-name NAME --email ADDRESS",
		Short: "Write a report of a case to NCMEC's CyberTipline, for a person to send",
		Long: `Write a report of a case to NCMEC's CyberTipline into a new directory: report.xml, the
pictures with what is known of each, and README.txt with the commands that send it.
Nothing is sent by joingyd, and the commands name NCMEC's test server unless
--production is given. See docs/ncmec.md; who exports is written into the audit log.

Evidence that is sealed is opened with --identity, on the machine where this runs. A
case whose evidence is held can be exported after it was decided too.`,
		Example: `  joingyd reports ncmec k7m2x4q6 --out tip --type "Child Sexual Molestation" --first-name Ann --last-name Roe --email ann@example.org`,
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeCases(flags)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.out == "" {
				return flags.refuse(cmd, usageError{errors.New("--out is missing; name a directory to make")})
			}
			keys, err := readIdentities(cmd, f.identities)
			if err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (exportedTip, error) {
				k, err := c.Case(ctx, args[0])
				if err != nil {
					return exportedTip{}, err
				}
				list, err := c.Evidence(ctx, admin.EvidenceRequest{Case: k.ID, For: admin.ToNCMEC})
				if err != nil {
					return exportedTip{}, err
				}
				opened, err := openEvidence(list, keys)
				if err != nil {
					return exportedTip{}, err
				}
				return f.export(k, opened)
			}, func(w io.Writer, tip exportedTip) error {
				_, err := fmt.Fprintf(w, "wrote %s with %s, %s and %s; nothing was sent: read README.txt there\n", tip.Directory,
					count(tip.Addresses, "address event"), count(tip.Lines, "line"), count(tip.Files, "picture"))
				return err
			})
		},
	}
	cmd.Flags().StringArrayVar(&f.identities, "identity", nil, "file with a moderator's private key; may be given several times")
	cmd.Flags().StringVar(&f.out, "out", "", "directory to make and write into")
	cmd.Flags().StringVar(&f.kind, "type", "", "what is reported, in NCMEC's words")
	cmd.Flags().StringVar(&f.first, "first-name", "", "of the person who reports")
	cmd.Flags().StringVar(&f.last, "last-name", "", "of the person who reports")
	cmd.Flags().StringVar(&f.email, "email", "", "of the person who reports")
	cmd.Flags().StringVar(&f.site, "site", "", "name of the site")
	cmd.Flags().StringVar(&f.danger, "danger", "", "why a child is in danger right now; empty if none is known to be")
	cmd.Flags().StringVar(&f.info, "info", "", "what else there is to say")
	cmd.Flags().StringVar(&f.viewed, "viewed", "", "yes or no: whether a person of yours has looked at all of every picture; needed if there are any")
	cmd.Flags().BoolVar(&f.production, "production", false, "name NCMEC's real server in README.txt, not the one for tests")
	completeWords(cmd, "type", ncmec.IncidentTypes())
	return cmd
}

// exportedTip is what was written.
type exportedTip struct {
	Directory string `json:"directory"`
	Addresses int    `json:"addresses"`
	Lines     int    `json:"lines"`
	Files     int    `json:"files"`
}

// export writes the report. What is wrong with it names the field.
func (f *ncmecFlags) export(k admin.Case, evidence openedEvidence) (tip exportedTip, err error) {
	tip.Directory = f.out
	accused := &ncmec.PersonOrUserReported{ESPIdentifier: "case " + k.ID}
	chat := &ncmec.ChatIMIncident{ChatClient: "random chat, in the browser"}
	report := ncmec.Report{
		IncidentSummary: ncmec.IncidentSummary{
			IncidentType: ncmec.IncidentType(f.kind), Platform: f.site, EscalateToHighPriority: f.danger,
			IncidentDateTime: k.Opened.UTC(), IncidentDateTimeDescription: "when it was reported to the site",
		},
		InternetDetails:      []ncmec.InternetDetails{{ChatIMIncident: chat}},
		Reporter:             ncmec.Reporter{ReportingPerson: ncmec.Person{FirstName: f.first, LastName: f.last}},
		PersonOrUserReported: accused,
	}
	if f.email != "" {
		report.Reporter.ReportingPerson.Email = []string{f.email}
	}
	bundle := ncmec.Bundle{}
	if f.production {
		bundle.Endpoint = ncmec.Production
	}
	told := []string{"reported for: " + reasonsText(k)}
	if f.info != "" {
		told = append(told, f.info)
	}
	var lines []string
	for _, part := range evidence.Parts {
		switch {
		case part.Name == "addresses":
			events, err := addressEvents(part)
			if err != nil {
				return tip, err
			}
			accused.IPCaptureEvent = append(accused.IPCaptureEvent, events...)
		case part.Name == "chat":
			lines = append(lines, partLines(part)...)
		case part.Name == "note":
			told = append(told, "a reporter's note: "+strings.Join(partLines(part), " "))
		case strings.HasPrefix(part.Type, "image/"):
			file, err := f.picture(part)
			if err != nil {
				return tip, err
			}
			bundle.Files = append(bundle.Files, file)
		}
	}
	chat.Content, report.AdditionalInfo = strings.Join(lines, "\n"), strings.Join(told, "\n")
	bundle.Report = report
	tip.Addresses, tip.Lines, tip.Files = len(accused.IPCaptureEvent), len(lines), len(bundle.Files)
	if err := ncmec.Export(f.out, bundle); err != nil {
		return tip, err
	}
	return tip, nil
}

// addressEvents are the addresses that a session had when it was reported.
func addressEvents(part admin.EvidencePart) (events []ncmec.IPCaptureEvent, err error) {
	var addrs []netip.Addr
	if err := json.Unmarshal(part.Data, &addrs); err != nil {
		return nil, fmt.Errorf("the evidence's addresses make no sense: %w", err)
	}
	for _, addr := range addrs {
		events = append(events, ncmec.IPCaptureEvent{IPAddress: addr.Unmap().WithZone(""), EventName: ncmec.Other, DateTime: part.At.UTC().Truncate(time.Second)})
	}
	return events, nil
}

// picture is a still of the evidence.
func (f *ncmecFlags) picture(part admin.EvidencePart) (file ncmec.File, err error) {
	var viewed bool
	switch f.viewed {
	case "yes":
		viewed = true
	case "no":
	default:
		return file, usageError{fmt.Errorf("--viewed is %q; there are pictures, so say yes or no: whether a person of yours has looked at all of every one. It decides whether police may look without a warrant", f.viewed)}
	}
	at := part.At.UTC()
	return ncmec.File{Content: part.Data, Details: ncmec.FileDetails{
		OriginalFileName: part.Name + ".jpg", UploadedToESPTimestamp: &at, FileViewedByESP: &viewed,
		OriginalFileHash: ncmec.Hashes(part.Data), AdditionalInfo: []string{"a still of a video chat, made by the browser of who saw it"},
	}}, nil
}
