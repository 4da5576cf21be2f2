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

// obey reads one command per line and replies to each with a line on stdout:
//
//	health SERVICE STATUS   set a status; `health "" STATUS` or `health STATUS` is the server as a whole
//	graceful-stop           stop listening, GOAWAY to everybody, exit once the last call has ended
//	stop                    close everything at once and exit (also while a graceful stop waits)
//
// The process exits at the end of the input, whatever is still running.
func obey(in io.Reader, out *journal, server *grpc.Server, statuses *health.Server) {
	commands := bufio.NewScanner(in)
	for commands.Scan() {
		words := strings.Fields(commands.Text())
		if len(words) == 0 {
			continue
		}
		stop, err := command(words, server, statuses)
		if err != nil {
			out.event("refused", line{"command": commands.Text(), "error": err.Error()})
			continue
		}
		out.event("done", line{"command": commands.Text()})
		if stop != nil {
			go stop() // may wait for calls to end, and `stop` must be read meanwhile
		}
	}
	os.Exit(0)
}

// command does what can be done at once; it returns the function that stops the server, so that the reply is sent
// first.
func command(words []string, server *grpc.Server, statuses *health.Server) (stop func(), err error) {
	switch words[0] {
	case "health":
		var service, word string
		switch len(words) {
		case 2:
			word = words[1]
		case 3:
			service, word = strings.Trim(words[1], `"`), words[2]
		default:
			return nil, fmt.Errorf("want: health SERVICE STATUS")
		}
		status, err := servingStatus(word)
		if err != nil {
			return nil, err
		}
		statuses.SetServingStatus(service, status)
		return nil, nil
	case "graceful-stop":
		return server.GracefulStop, nil
	case "stop":
		return server.Stop, nil
	default:
		return nil, fmt.Errorf("unknown command %q", words[0])
	}
}
