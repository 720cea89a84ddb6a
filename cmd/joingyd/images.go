package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // formats of pictures that can be checked
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/moderate/pdq"
)

func newImagesCommand() *cobra.Command {
	flags := adminFlags{images: true}
	cmd := &cobra.Command{
		Use:   "images",
		Short: "Keep the list of known images that stills are compared with",
		Long: `Keep the list of known images that stills of video chats are compared with: perceptual
hashes (PDQ) of pictures that are known to be abuse, from whoever gives such lists out.
moderation.rules say what is done about one: known.`,
		Example: `  joingyd images import hashes.csv --source hotline
  joingyd images list`,
	}
	flags.add(cmd)
	flags.addOffline(cmd)
	cmd.AddCommand(newImagesImportCommand(&flags), newImagesListCommand(&flags), newImagesCheckCommand(&flags), newImagesRemoveCommand(&flags))
	return cmd
}

func newImagesImportCommand(flags *adminFlags) *cobra.Command {
	var req admin.ImportImagesRequest
	cmd := &cobra.Command{
		Use:   "import FILE|-",
		Short: "Add the hashes of a list",
		Long: `Add the hashes of a list to those that are known; stills are compared with them at
once, and after a restart. The list has one PDQ hash a line, 64 hexadecimal digits, with
the name of its source after a comma or not; or it is CSV with a header that names the
column of the hash (hash, pdq, signal_str, indicator) and maybe others (quality, type,
category, label), such as what threatexchange dataset -P --csv writes. - reads stdin.

A line that cannot be taken is refused and said, and the rest goes on: one of another kind
of hash, of a quality under 50, or that says that the picture is harmless. The exit
status is 1 if none could be taken. A list that breaks off changes nothing.`,
		Example: `  joingyd images import hashes.csv --source hotline
  threatexchange dataset -P --csv | joingyd images import - --source exchange --dry-run`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, name, err := openInput(cmd, args[0])
			if err != nil {
				return flags.refuse(cmd, err)
			}
			defer from.Close()
			if req.Source == "" {
				req.Source = harmless(name)
			}
			if err := req.Validate(); err != nil {
				return flags.refuse(cmd, err)
			}
			flags.makesStore = !req.DryRun
			var result admin.ImportImagesResult
			err = askLong(cmd, flags, func(ctx context.Context, c control) (admin.ImportImagesResult, error) {
				var err error
				result, err = c.ImportImages(ctx, req, from)
				return result, err
			}, func(w io.Writer, result admin.ImportImagesResult) error {
				return printImagesImport(w, result, !flags.offline)
			})
			if err == nil && result.Refused > 0 && result.New+result.Known == 0 {
				err = fmt.Errorf("nothing on %s can be taken; see why its lines are refused", name)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&req.Source, "source", "", "where the hashes are from that do not say so (default: the file's name)")
	cmd.Flags().BoolVar(&req.DryRun, "dry-run", false, "change nothing, say what would happen")
	return cmd
}

func printImagesImport(w io.Writer, r admin.ImportImagesResult, live bool) error {
	p := &printer{w: w}
	made := "added"
	if r.DryRun {
		made = "would be added"
	}
	p.printf("%s %s; %s known already, %s refused\n", count(r.New, "image"), made, thousands(r.Known), thousands(r.Refused))
	for _, refusal := range r.Refusals {
		p.printf("  line %d: %s\n", refusal.Line, harmless(refusal.Why))
	}
	if r.Refused > len(r.Refusals) {
		p.printf("  and so on\n")
	}
	if live {
		printStills(p, r.Total, r.Stills)
	}
	return p.err
}

// printStills says what it takes that images are looked for.
func printStills(p *printer, images int, stills bool) {
	if images > 0 && !stills {
		p.printf("no still is compared with them yet: restart the daemon, with moderation.snapshot_share over 0\n")
	}
}

func newImagesListCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "Count the known images of each source",
		Example: "  joingyd images list",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.ImageList, error) {
				return c.Images(ctx)
			}, func(w io.Writer, list admin.ImageList) error {
				return printImages(w, list, !flags.offline)
			})
		},
	}
}

func printImages(w io.Writer, list admin.ImageList, live bool) error {
	if list.Total == 0 {
		_, err := fmt.Fprintln(w, "no image is known")
		return err
	}
	err := printTable(w, func(p *printer) {
		p.printf("SOURCE\tIMAGES\n")
		for _, source := range list.Sources {
			p.printf("%s\t%s\n", harmless(source.Name), thousands(source.Images))
		}
	})
	if err != nil {
		return err
	}
	p := &printer{w: w}
	p.printf("%s\n", count(list.Total, "image"))
	if live {
		printStills(p, list.Total, list.Stills)
	}
	return p.err
}

// Bounds of a picture to check, so that a small file does not fill the memory.
const (
	maxPicture = 64 << 20 // bytes
	maxPixels  = 100_000_000
)

func newImagesCheckCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE.jpg",
		Short: "Say whether a picture looks like one that is known",
		Long: `Say whether a picture (JPEG, PNG or GIF) looks like one that is known: as it is, turned or
mirrored, by at most 31 of 256 bits. The picture is read by this command and goes nowhere;
the daemon gets its hashes.`,
		Example: "  joingyd images check still.jpg",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := hashPicture(args[0])
			if err != nil {
				return flags.refuse(cmd, err)
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.CheckImageResult, error) {
				return c.CheckImage(ctx, req)
			}, printImageCheck)
		},
	}
}

// hashPicture reads a picture.
func hashPicture(path string) (req admin.CheckImageRequest, err error) {
	file, err := os.Open(path)
	if err != nil {
		return req, err
	}
	defer file.Close()
	size, _, err := image.DecodeConfig(io.LimitReader(file, maxPicture))
	switch {
	case err != nil:
		return req, fmt.Errorf("%s: %w; write the name of a JPEG, PNG or GIF", path, err)
	case size.Width*size.Height > maxPixels:
		return req, fmt.Errorf("%s has more than %s pixels; make it smaller", path, thousands(maxPixels))
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return req, err
	}
	picture, _, err := image.Decode(io.LimitReader(file, maxPicture))
	if err != nil {
		return req, fmt.Errorf("%s: %w; write the name of a JPEG, PNG or GIF", path, err)
	}
	hashes, quality := pdq.Turned(picture)
	for _, h := range hashes {
		req.Hashes = append(req.Hashes, h.String())
	}
	req.Quality = quality
	return req, nil
}

func printImageCheck(w io.Writer, r admin.CheckImageResult) error {
	p := &printer{w: w}
	switch r.Outcome {
	case pdq.Known:
		p.printf("known: it looks like %s of %s (%d of 256 bits differ)\n", r.Hash, harmless(r.Source), r.Distance)
	case pdq.NotComparable:
		p.printf("cannot be compared: there is too little to see in it (quality %d, %d are needed)\n", r.Quality, pdq.MinQuality)
	default:
		p.printf("not known\n")
	}
	return p.err
}

func newImagesRemoveCommand(flags *adminFlags) *cobra.Command {
	var req admin.RemoveImagesRequest
	return &cobra.Command{
		Use:     "remove SOURCE",
		Short:   "Forget the known images of a source",
		Example: "  joingyd images remove hotline",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: completeFirst(completeSources(flags)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if req.Source = args[0]; req.Source == "" {
				return flags.refuse(cmd, usageError{errors.New("the source is missing; joingyd images list names them")})
			}
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.RemoveImagesResult, error) {
				return c.RemoveImages(ctx, req)
			}, func(w io.Writer, result admin.RemoveImagesResult) error {
				_, err := fmt.Fprintf(w, "forgot %s; %s are known\n", count(result.Removed, "image"), thousands(result.Total))
				return err
			})
		},
	}
}

// completeSources offers where known images are from.
func completeSources(f *adminFlags) cobra.CompletionFunc {
	return completeAsking(f, func(ctx context.Context, c *admin.Client, _ string) (offers []cobra.Completion, err error) {
		list, err := c.Images(ctx)
		for _, source := range list.Sources[:min(len(list.Sources), maxOffers)] {
			offers = append(offers, cobra.CompletionWithDesc(source.Name, count(source.Images, "image")))
		}
		return offers, err
	})
}
