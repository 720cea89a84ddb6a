package admin_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/joingyd/joingyd/admin"
)

// twoNodes is a cluster of the tests' own.
type twoNodes struct{ drained map[string]bool }

func (c twoNodes) node(name string) admin.ClusterNode {
	return admin.ClusterNode{Name: name, Self: name == "a", Version: "1.0", Protocol: "1", Role: "all", Online: 7, Load: 0.25, Draining: c.drained[name], Started: noon}
}

func (c twoNodes) Status() admin.ClusterStatus {
	return admin.ClusterStatus{Node: "a", Redis: admin.ClusterRedis{State: "up", Since: noon, Answer: 0.4}, Online: 14, Nodes: []admin.ClusterNode{c.node("a"), c.node("b")}}
}

func (c twoNodes) Drain(_ context.Context, name string, off bool) (admin.ClusterNode, error) {
	switch name {
	case "a", "b":
		c.drained[name] = !off
		return c.node(name), nil
	case "odd":
		return admin.ClusterNode{}, errors.New("odd")
	default:
		return admin.ClusterNode{}, &admin.Error{Code: admin.CodeNotFound, Detail: "nobody"}
	}
}

func TestCluster(t *testing.T) {
	f := newFixture(t)
	c := twoNodes{map[string]bool{}}
	f.Service = admin.NewService(f.bans, &admin.Options{Cluster: c, Log: slog.New(slog.NewTextHandler(&f.log, nil))})
	client := connect(t, serve(t, f))
	if got, err := client.ClusterStatus(t.Context()); err != nil || !reflect.DeepEqual(got, c.Status()) {
		t.Errorf("ClusterStatus = %+v, %v; want %+v", got, err, c.Status())
	}
	for _, off := range []bool{false, true} {
		if got, err := client.ClusterDrain(t.Context(), admin.ClusterDrainRequest{Node: "b", Off: off}); err != nil || got.Draining == off || got.Name != "b" {
			t.Errorf("ClusterDrain, off %v = %+v, %v", off, got, err)
		}
	}
	if log := f.log.String(); !strings.Contains(log, `msg="node draining" node=b off=false by=`) {
		t.Errorf("log = %s", log)
	}
	for name, code := range map[string]admin.Code{"c": admin.CodeNotFound, "odd": admin.CodeInternal, "": admin.CodeInvalid, strings.Repeat("x", 65): admin.CodeInvalid} {
		_, err := client.ClusterDrain(t.Context(), admin.ClusterDrainRequest{Node: name})
		if failure, ok := errors.AsType[*admin.Error](err); !ok || failure.Code != code {
			t.Errorf("drain %q: %v, want %s", name, err, code)
		}
	}
}

func TestNoCluster(t *testing.T) {
	client := connect(t, serve(t, newFixture(t)))
	_, status := client.ClusterStatus(t.Context())
	_, drain := client.ClusterDrain(t.Context(), admin.ClusterDrainRequest{Node: "a"})
	for _, err := range []error{status, drain} {
		if failure, ok := errors.AsType[*admin.Error](err); !ok || failure.Code != admin.CodeUnavailable || !strings.Contains(failure.Detail, "cluster.redis is not set") {
			t.Errorf("%v, want that cluster.redis is not set", err)
		}
	}
}
