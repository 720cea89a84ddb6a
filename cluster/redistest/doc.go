// Package redistest starts real redis-server and redis-sentinel processes for tests,
// and does to them what happens to servers: killed, stopped, restarted, emptied,
// failed over, far away, cut off. Only tests import it.
//
// A package's tests share one server, which each gets empty, so no two of them that use
// it run at the same time:
//
//	func TestMain(m *testing.M) { redistest.Main(m) }
//
//	func TestThing(t *testing.T) {
//		server := redistest.Shared(t)
//		conn := redistest.Dial(t, redis.Options{URL: server.URL()})
//	}
//
// What harms a server (Kill, Stop) is done to one of its own: Start. Servers keep
// nothing on disk, listen on 127.0.0.1 only, and end with the test, or with the process
// however that ends.
package redistest
