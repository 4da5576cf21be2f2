// The real Consul agent, for the tests of grpc-discover.
//
// Consul's own module cannot be given to `go install` because its go.mod has local replacements; this
// program takes the published module and its published submodules instead. It is the agent and the
// `consul` command line, nothing is left out or stubbed.
package main

import (
	"fmt"
	"io"
	"log"
	"os"

	mcli "github.com/mitchellh/cli"

	"github.com/hashicorp/consul/command"
	"github.com/hashicorp/consul/command/cli"
	"github.com/hashicorp/consul/command/version"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	// The agent logs through its own logger; what reaches the standard one is noise of libraries.
	log.SetOutput(io.Discard)
	ui := &cli.BasicUI{BasicUi: mcli.BasicUi{Writer: os.Stdout, ErrorWriter: os.Stderr}}
	consul := &mcli.CLI{
		Name:       "consul",
		Args:       args,
		Commands:   command.RegisteredCommands(ui),
		HelpWriter: os.Stdout,
	}
	if consul.IsVersion() {
		return version.New(ui).Run(nil)
	}
	status, err := consul.Run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "consul:", err)
		return 1
	}
	return status
}
