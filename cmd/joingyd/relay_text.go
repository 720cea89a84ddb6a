package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/joingyd/joingyd/admin"
)

func printRelayList(w io.Writer, list admin.RelayList) error {
	if len(list.Allocations) == 0 {
		_, err := fmt.Fprintln(w, "no allocations")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	p.printf("RELAYED\tSESSION\tTRANSPORT\tAGE\tSENT\tRECEIVED\tPAIRED\tCLIENT\n")
	now := time.Now()
	for _, a := range list.Allocations {
		p.printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", a.Relayed, ownerText(a), a.Transport, about(now.Sub(a.Since)),
			trafficText(a.Sent), trafficText(a.Received), yesNo(a.Paired), clientText(a))
	}
	if p.err != nil {
		return p.err
	}
	return table.Flush()
}

func printRelayShow(w io.Writer, list admin.RelayList) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := &printer{w: table}
	now := time.Now()
	for i, a := range list.Allocations {
		if i > 0 {
			p.printf("\n")
		}
		p.printf("relayed\t%s\nsession\t%s\ntransport\t%s\nclient\t%s\n", a.Relayed, ownerText(a), a.Transport, clientText(a))
		p.printf("since\t%s (%s ago)\npaired\t%s\n", timeText(a.Since), about(now.Sub(a.Since)), yesNo(a.Paired))
		p.printf("sent\t%s, %s\n", count(int(a.Sent.Bytes), "byte"), count(int(a.Sent.Packets), "packet"))
		p.printf("received\t%s, %s\n", count(int(a.Received.Bytes), "byte"), count(int(a.Received.Packets), "packet"))
	}
	if p.err != nil {
		return p.err
	}
	return table.Flush()
}

// ownerText says whose allocation it is. A user's name was written by others.
func ownerText(a admin.Allocation) string {
	if a.Session == "" {
		return "user " + strconv.Quote(a.User)
	}
	return a.Session
}

func clientText(a admin.Allocation) string {
	if a.Client.IsValid() {
		return a.Client.String()
	}
	return a.Network.String()
}

func trafficText(t admin.Traffic) string {
	return fmt.Sprintf("%s (%d)", bytesText(t.Bytes), t.Packets)
}

// bytesText rounds to one decimal: 999 B, 1.5 kB, 12.0 MB.
func bytesText(n uint64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value := float64(n)
	for _, unit := range []string{"kB", "MB", "GB", "TB"} {
		if value /= 1000; value < 999.95 {
			return fmt.Sprintf("%.1f %s", value, unit)
		}
	}
	return fmt.Sprintf("%.1f PB", value/1000)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
