package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/cluster/nodes"
	"github.com/joingyd/joingyd/cluster/redis"
)

// clusterControl is the admin.Cluster of a node.
type clusterControl struct {
	nodes   *nodes.Registry
	redis   *redis.Conn
	problem func() error // why the node is not among the others
}

// Status implements admin.Cluster.
func (c clusterControl) Status() admin.ClusterStatus {
	stats := c.redis.Stats()
	self := c.nodes.Self()
	status := admin.ClusterStatus{
		Node: self.Name,
		Redis: admin.ClusterRedis{
			State: stats.State.String(), Since: stats.Since.UTC().Truncate(time.Second),
			Answer: float64(stats.Answer.Microseconds()) / 1000,
		},
		Nodes: []admin.ClusterNode{clusterNode(self, true)},
	}
	if err := c.redis.Err(); err != nil && stats.State == redis.Down {
		status.Redis.Error = err.Error()
	}
	if err := c.problem(); err != nil && stats.State != redis.Down {
		status.Problem = err.Error()
	}
	for _, n := range c.nodes.Alive() {
		status.Nodes = append(status.Nodes, clusterNode(n, false))
	}
	slices.SortFunc(status.Nodes, func(a, b admin.ClusterNode) int { return strings.Compare(a.Name, b.Name) })
	for _, n := range status.Nodes {
		status.Online += n.Online
		status.Waiting += n.Waiting
	}
	return status
}

// Drain implements admin.Cluster.
func (c clusterControl) Drain(ctx context.Context, node string, off bool) (admin.ClusterNode, error) {
	n, err := c.nodes.Drain(ctx, node, off)
	switch {
	case errors.Is(err, nodes.ErrUnknown):
		err = &admin.Error{Code: admin.CodeNotFound, Detail: err.Error()}
	case errors.Is(err, redis.ErrDown):
		err = &admin.Error{Code: admin.CodeUnavailable, Detail: err.Error() + "; ask that node's own daemon, or try again when joingyd cluster status says that redis is up"}
	}
	return clusterNode(n, node == c.nodes.Self().Name), err
}

func clusterNode(n nodes.Node, self bool) admin.ClusterNode {
	return admin.ClusterNode{
		Name: n.Name, Self: self, Version: n.Version, Protocol: n.Protocol.String(), Role: string(n.Role), Region: n.Region, Relay: n.Relay,
		Online: n.Online, Waiting: n.Waiting, Chats: n.Chats, Doors: n.Doors, Relayed: n.Relayed, Load: n.Load, Draining: n.Draining, Started: n.Started,
	}
}
