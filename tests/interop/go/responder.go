package main

import (
	"context"
	"fmt"
	"os"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// respond answers the requests of a topic by their tag: "refuse" with an error, "declare" with one that the contract
// declares, "silent" not at all, all others with {"echo":<the body>}. It prints "ready" once, and "got <tag> <body>" per
// request.
func respond(nameServer, topic, group string) error {
	if err := startResponder(nameServer, topic, group, answer); err != nil {
		return err
	}
	fmt.Println("ready")
	return lines(func(string) {})
}

// startResponder hands every request of a topic to a function, with a producer for its reply.
func startResponder(nameServer, topic, group string, answer func(context.Context, rocketmq.Producer, *primitive.MessageExt)) error {
	resolver := primitive.NewPassthroughResolver([]string{nameServer})
	replies, err := rocketmq.NewProducer(
		producer.WithGroupName(group+"-replies"),
		producer.WithNsResolver(resolver),
	)
	if err != nil {
		return err
	}
	if err = replies.Start(); err != nil {
		return err
	}
	requests, err := rocketmq.NewPushConsumer(
		consumer.WithGroupName(group),
		consumer.WithNsResolver(resolver),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
	)
	if err != nil {
		return err
	}
	all := consumer.MessageSelector{Type: consumer.TAG, Expression: "*"}
	err = requests.Subscribe(topic, all, func(ctx context.Context, received ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for _, message := range received {
			answer(ctx, replies, message)
		}
		return consumer.ConsumeSuccess, nil
	})
	if err != nil {
		return err
	}
	return requests.Start()
}

func answer(ctx context.Context, replies rocketmq.Producer, request *primitive.MessageExt) {
	tag, body := request.GetTags(), string(request.Body)
	fmt.Println("got " + tag + " " + body)
	if tag == "silent" {
		return
	}
	// It takes its second argument for properties, and sets no body.
	reply, err := consumer.CreateReplyMessage(request, nil)
	if err == nil {
		reply.Body = []byte(`{"echo":` + body + `}`)
		if tag == "declare" || tag == "refuse" {
			fail(reply, tag == "declare")
		}
		_, err = replies.SendSync(ctx, reply)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "reply failed:", err)
	}
}

// fail makes the reply an error: its code is a property; text, whether anything ran, and the declared name may follow.
func fail(reply *primitive.Message, declared bool) {
	reply.WithProperty("rpc-code", "failed_precondition")
	reply.WithProperty("rpc-message", "closed for today")
	reply.WithProperty("rpc-ran", "no")
	if declared {
		reply.WithProperty("rpc-ran", "yes")
		reply.WithProperty("rpc-error", "Short")
		reply.Body = []byte(`{"missing":5}`)
	}
}
