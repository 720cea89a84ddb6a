package classify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Token is a bearer token (RFC 6750). Logs show it as REDACTED.
type Token string

// LogValue returns REDACTED.
func (Token) LogValue() slog.Value { return slog.StringValue("REDACTED") }

// Options of New. Only URL is required; zero values are the defaults named here.
type Options struct {
	// URL of the classifier: http://HOST:PORT, https://HOST, either with a path
	// before /v1, or unix:///PATH of a socket. Between two machines use https.
	URL   string
	Token Token // sent if not empty

	Timeout     time.Duration // of a call, with its time in the queue; 2 s
	Concurrency int           // images that are classified at a time; 4
	Queue       int           // images that wait; 32. Negative: none waits
	Retries     int           // further tries of an image; 1. Negative: none
	Breaker     Breaker

	Now       func() time.Time  // for the breaker; time.Now
	Transport http.RoundTripper // nil: one of its own, which uses no proxy of the environment
}

// Breaker says when a classifier is left alone.
type Breaker struct {
	Failures int           // in a row; 5
	Rest     time.Duration // until it is asked again, once; 10 s
}

// Client asks one classifier. Make one with New; its methods are safe for
// concurrent use.
type Client struct {
	base    string // of the URL, without a slash at its end
	token   Token
	http    *http.Client
	timeout time.Duration
	queue   int
	retries int

	slots chan struct{} // one for each image that is classified now

	mu      sync.Mutex // guards what follows
	breaker breaker
	stats   Stats // but for Breaker and Opened
}

// New returns a client. It asks nothing yet; what is wrong with the options is an
// error that names the field.
func New(opts Options) (*Client, error) {
	opts = opts.withDefaults()
	switch {
	case opts.Timeout < 0:
		return nil, fmt.Errorf("classify: Timeout is %v; leave it 0 for 2 s", opts.Timeout)
	case opts.Concurrency < 0:
		return nil, fmt.Errorf("classify: Concurrency is %d; leave it 0 for 4", opts.Concurrency)
	case opts.Breaker.Failures < 0 || opts.Breaker.Rest < 0:
		return nil, fmt.Errorf("classify: Breaker is %+v; leave its fields 0 for 5 failures and 10 s", opts.Breaker)
	case strings.ContainsFunc(string(opts.Token), func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, errors.New("classify: Token has a space or a character that is not ASCII; write the token alone")
	}
	base, socket, err := parseURL(opts.URL)
	if err != nil {
		return nil, err
	}
	if opts.Transport == nil {
		opts.Transport = newTransport(socket, opts.Concurrency)
	}
	return &Client{
		base:  base,
		token: opts.Token,
		http: &http.Client{
			Transport:     opts.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		timeout: opts.Timeout,
		queue:   max(opts.Queue, 0),
		retries: max(opts.Retries, 0),
		slots:   make(chan struct{}, opts.Concurrency),
		breaker: breaker{limits: opts.Breaker, now: opts.Now},
	}, nil
}

func (o Options) withDefaults() Options {
	o.Timeout = cmp.Or(o.Timeout, 2*time.Second)
	o.Concurrency = cmp.Or(o.Concurrency, 4)
	o.Queue = cmp.Or(o.Queue, 32)
	o.Retries = cmp.Or(o.Retries, 1)
	o.Breaker.Failures = cmp.Or(o.Breaker.Failures, 5)
	o.Breaker.Rest = cmp.Or(o.Breaker.Rest, 10*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// parseURL returns what stands before /v1 in an http URL, and the path of a socket
// where there is one.
func parseURL(text string) (base, socket string, err error) {
	const hint = "write http://HOST:PORT, https://HOST or unix:///PATH"
	u, err := url.Parse(text)
	switch {
	case err != nil: // which holds the text, and that may hold a password
		return "", "", errors.New("classify: URL makes no sense; " + hint)
	case u.User != nil:
		return "", "", errors.New("classify: URL has a user in it; use Token")
	case u.RawQuery != "" || u.Fragment != "":
		return "", "", fmt.Errorf("classify: URL: %q has more than an address and a path; %s", text, hint)
	case u.Scheme == "unix" && u.Host == "" && len(u.Path) > 1:
		return "http://classifier", u.Path, nil
	case (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "":
		return strings.TrimRight(u.String(), "/"), "", nil
	}
	return "", "", fmt.Errorf("classify: URL: %q is no address of a classifier; %s", text, hint)
}

func newTransport(socket string, concurrency int) *http.Transport {
	transport := &http.Transport{
		MaxIdleConnsPerHost:    concurrency,
		IdleConnTimeout:        30 * time.Second, // less than the services' own
		MaxResponseHeaderBytes: 16 << 10,
		DisableCompression:     true,
	}
	if socket != "" {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}
	}
	return transport
}

// Close gives up the connections that are kept for later calls. Calls that are
// under way end by themselves.
func (c *Client) Close() { c.http.CloseIdleConnections() }
