// Plain peers on RocketMQ's official Go client, for the tests beside this folder and the benches.
//
//	peers requester <name server> <topic>
//	peers responder <name server> <topic> <consumer group>
//	peers bench-requester <name server> <topic>
//	peers bench-responder <name server> <topic> <consumer group>
//
// They talk in lines of UTF-8 and end with their standard input.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/apache/rocketmq-client-go/v2/rlog"
)

func main() {
	// Standard output carries the programs' own lines only.
	rlog.SetOutputPath(os.DevNull)
	rlog.SetLogLevel("error")
	var err error
	switch arguments := os.Args[1:]; {
	case len(arguments) == 3 && arguments[0] == "requester":
		err = request(arguments[1], arguments[2])
	case len(arguments) == 4 && arguments[0] == "responder":
		err = respond(arguments[1], arguments[2], arguments[3])
	case len(arguments) == 3 && arguments[0] == "bench-requester":
		err = benchRequest(arguments[1], arguments[2])
	case len(arguments) == 4 && arguments[0] == "bench-responder":
		err = benchRespond(arguments[1], arguments[2], arguments[3])
	default:
		err = fmt.Errorf("cannot run with the arguments %q", arguments)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// lines of standard input, one by one.
func lines(each func(line string)) error {
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 64*1024), 8*1024*1024)
	for scanner.Scan() {
		each(scanner.Text())
	}
	return scanner.Err()
}

// oneLine replaces control characters by blanks.
func oneLine(text string) string {
	return strings.Map(func(character rune) rune {
		if character < ' ' {
			return ' '
		}
		return character
	}, text)
}
