package main

import (
	"context"
	"fmt"
	"os"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// benchRespond echoes the body of every request of a topic, as fast as it can. It prints {"event":"ready"} once.
func benchRespond(nameServer, topic, group string) error {
	if err := startResponder(nameServer, topic, group, echo); err != nil {
		return err
	}
	fmt.Println(`{"event":"ready"}`)
	return lines(func(string) {})
}

func echo(ctx context.Context, replies rocketmq.Producer, request *primitive.MessageExt) {
	reply, err := consumer.CreateReplyMessage(request, nil)
	if err == nil {
		reply.Body = request.Body
		_, err = replies.SendSync(ctx, reply)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "reply failed:", err)
	}
}
