package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
)

// obey reads one command a line and answers each with a line on stdout:
//
//	health SERVICE STATUS   set a status; `health "" STATUS` or `health STATUS` is the server as a whole
//	graceful-stop           stop listening, GOAWAY to everybody, exit once the last call has ended
//	stop                    close everything at once and exit (also while a graceful stop waits)
//
// The end of the input ends the process, whatever is still going on.
func obey(in io.Reader, out *journal, server *grpc.Server, statuses *health.Server) {
	commands := bufio.NewScanner(in)
	for commands.Scan() {
		words := strings.Fields(commands.Text())
		if len(words) == 0 {
			continue
		}
		if err := command(words, server, statuses); err != nil {
			out.event("refused", line{"command": commands.Text(), "error": err.Error()})
			continue
		}
		out.event("done", line{"command": commands.Text()})
	}
	os.Exit(0)
}

func command(words []string, server *grpc.Server, statuses *health.Server) error {
	switch words[0] {
	case "health":
		var service, word string
		switch len(words) {
		case 2:
			word = words[1]
		case 3:
			service, word = strings.Trim(words[1], `"`), words[2]
		default:
			return fmt.Errorf("want: health SERVICE STATUS")
		}
		status, err := servingStatus(word)
		if err != nil {
			return err
		}
		statuses.SetServingStatus(service, status)
	case "graceful-stop":
		// Waits for the calls to end, and `stop` must be heard meanwhile.
		go server.GracefulStop()
	case "stop":
		go server.Stop()
	default:
		return fmt.Errorf("unknown command %q", words[0])
	}
	return nil
}
