package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
)

// How often joingyd top may ask the daemon.
const (
	topEvery    = time.Second
	topSoonest  = 200 * time.Millisecond
	topSlowest  = time.Hour
	topPatience = 10 * time.Second // for one answer
)

func newTopCommand() *cobra.Command {
	var flags adminFlags
	var every time.Duration
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Watch the running daemon, and kick or ban from a list",
		Long: `Watch the running daemon: sessions, chats, who waits, what the relay carries,
bans. Below is the list of sessions, to be sorted, filtered and picked from: k
kicks the one that is marked, b bans it after telling what that would end, ?
shows every key. The screen follows the daemon when it is restarted.

It needs a terminal that can draw; joingyd status and joingyd sessions tell the
same without one. NO_COLOR is obeyed.`,
		Example: "  joingyd top\n  joingyd top --every 5s --socket /run/joingyd/admin.sock",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if every < topSoonest || every > topSlowest {
				return usageError{fmt.Errorf("--every %s is not a time to wait between two looks; write one from %s to %s", every, topSoonest, topSlowest)}
			}
			if err := canDraw(cmd.OutOrStdout(), os.Getenv("TERM")); err != nil {
				return usageError{err}
			}
			return runTop(cmd.Context(), &flags, every)
		},
	}
	flags.addSocket(cmd)
	cmd.Flags().DurationVar(&every, "every", topEvery, "how often to look, from 200ms to 1h")
	return cmd
}

// canDraw reports why nothing can be drawn on the output, if so.
func canDraw(output io.Writer, terminal string) error {
	file, ok := output.(*os.File)
	switch {
	case !ok || !term.IsTerminal(file.Fd()):
		return errors.New("the output is no terminal, so nothing can be drawn on it; joingyd status tells the same as text")
	case terminal == "" || terminal == "dumb":
		return fmt.Errorf("TERM is %q, a terminal that cannot draw; set the right TERM, or have joingyd status tell the same as text", terminal)
	}
	return nil
}

// runTop draws until the user quits or ctx ends. The daemon must answer at the
// start; when it is gone later, the screen waits for it.
func runTop(ctx context.Context, flags *adminFlags, every time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends what is still being asked
	if _, err := flags.connect(ctx); err != nil {
		return err
	}
	link := daemonLink{ctx, func(ctx context.Context) (control, error) { return flags.connect(ctx) }}
	options := []tea.ProgramOption{tea.WithoutSignalHandler()} // signals end ctx
	if os.Getenv("NO_COLOR") != "" {
		options = append(options, tea.WithEnvironment(append(os.Environ(), "NO_COLOR=1"))) // any value counts
	}
	program := tea.NewProgram(newTopModel(link, every), options...)
	// With tea.WithContext it would close the terminal's reader under its own feet.
	defer context.AfterFunc(ctx, program.Quit)()
	_, err := program.Run()
	return err
}

// daemonLink asks the daemon anew each time, so that one that was restarted is
// found again.
type daemonLink struct {
	ctx     context.Context // of the program, which does not wait for its questions
	connect func(context.Context) (control, error)
}

// question asks the daemon in the background. The answer, or why there is none,
// comes as a message.
func question[T any](link daemonLink, send func(context.Context, control) (T, error), message func(T, error) tea.Msg) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(link.ctx, topPatience)
		defer cancel()
		var answer T
		c, err := link.connect(ctx)
		if err == nil {
			answer, err = send(ctx, c)
		}
		return message(answer, err)
	}
}
