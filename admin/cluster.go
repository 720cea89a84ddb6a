package admin

import (
	"cmp"
	"context"
	"net/http"
	"time"
)

// Cluster is the nodes that share a Redis, of which the daemon is one. Its methods may be
// called at the same time.
type Cluster interface {
	// Status tells of this node and of those that it sees.
	Status() ClusterStatus
	// Drain has a live node take no new sessions, or with off take them again, and
	// returns it as it is then. Where it fails, an *Error says what to do.
	Drain(ctx context.Context, node string, off bool) (ClusterNode, error)
}

// ClusterStatus is what a node sees.
type ClusterStatus struct {
	Node    string        `json:"node"`              // its name
	Redis   ClusterRedis  `json:"redis"`             // as it answers this node
	Problem string        `json:"problem,omitempty"` // why it is alone, though Redis answers, and what to do
	Online  int           `json:"online"`            // sessions of all nodes
	Waiting int           `json:"waiting"`           // of these
	Nodes   []ClusterNode `json:"nodes"`             // that are alive, this one too, by name
}

// ClusterRedis is how Redis is.
type ClusterRedis struct {
	State  string    `json:"state"` // up, slow or down: pairing is within each node unless it is up
	Since  time.Time `json:"since"`
	Answer float64   `json:"answer_ms"`       // how long its last answer took
	Error  string    `json:"error,omitempty"` // why it gives none
}

// ClusterNode is a node as it says of itself.
type ClusterNode struct {
	Name     string    `json:"name"`
	Self     bool      `json:"self"` // it is the one that was asked
	Version  string    `json:"version"`
	Protocol string    `json:"protocol"` // between nodes: "3" or "3 to 4"
	Role     string    `json:"role"`     // all, edge or relay
	Region   string    `json:"region,omitempty"`
	Relay    string    `json:"relay,omitempty"` // host in its relay's URLs
	Online   int       `json:"online"`
	Waiting  int       `json:"waiting"`
	Chats    int       `json:"chats"`
	Doors    int       `json:"doors"`    // sockets whose sessions are at other nodes
	Relayed  int       `json:"relayed"`  // chats, of any node, that are at its relay
	Load     float64   `json:"load"`     // 0 to 1
	Draining bool      `json:"draining"` // it takes no new sessions, and gives away those that it has
	Started  time.Time `json:"started"`  // by its own clock
}

// Empty reports whether a node that is drained has nobody left.
func (n ClusterNode) Empty() bool {
	return n.Draining && n.Online == 0 && n.Doors == 0 && n.Relayed == 0
}

// ClusterDrainRequest names a node. By is as in BanRequest.
type ClusterDrainRequest struct {
	Node string `json:"node"`
	Off  bool   `json:"off,omitempty"` // it is to take new sessions again
	By   string `json:"-"`
}

// Validate is as that of BanRequest.
func (r ClusterDrainRequest) Validate() error {
	if r.Node == "" || len(r.Node) > 64 {
		return invalid("%s is no name of a node; joingyd cluster status lists them", quote(r.Node))
	}
	return nil
}

var errNoCluster = &Error{CodeUnavailable, "this daemon is alone: cluster.redis is not set; docs/scaling.md says how to add a node"}

// ClusterStatus tells of the nodes.
func (s *Service) ClusterStatus(context.Context) (ClusterStatus, error) {
	if s.opts.Cluster == nil {
		return ClusterStatus{}, errNoCluster
	}
	return s.opts.Cluster.Status(), nil
}

// ClusterDrain has a node take no new sessions, or take them again.
func (s *Service) ClusterDrain(ctx context.Context, req ClusterDrainRequest) (ClusterNode, error) {
	if err := req.Validate(); err != nil {
		return ClusterNode{}, err
	}
	if s.opts.Cluster == nil {
		return ClusterNode{}, errNoCluster
	}
	node, err := s.opts.Cluster.Drain(ctx, req.Node, req.Off)
	if err != nil {
		return ClusterNode{}, asError(err)
	}
	s.opts.Log.InfoContext(ctx, "node draining", "node", req.Node, "off", req.Off, "by", cmp.Or(req.By, ownName()))
	return node, nil
}

// ClusterStatus tells of the nodes.
func (c *Client) ClusterStatus(ctx context.Context) (result ClusterStatus, err error) {
	err = c.do(ctx, http.MethodGet, "/v1/cluster", nil, &result)
	return result, err
}

// ClusterDrain has a node take no new sessions, or take them again.
func (c *Client) ClusterDrain(ctx context.Context, req ClusterDrainRequest) (result ClusterNode, err error) {
	err = c.do(ctx, http.MethodPost, "/v1/cluster/drain", req, &result)
	return result, err
}

func (s *Server) clusterStatus(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	return s.service.ClusterStatus(r.Context())
}

func (s *Server) clusterDrain(r *http.Request) (any, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	var req ClusterDrainRequest
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	req.By = peerOf(r.Context())
	return s.service.ClusterDrain(r.Context(), req)
}
