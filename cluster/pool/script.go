package pool

import (
	"context"
	_ "embed"

	"github.com/redis/rueidis"
)

var (
	//go:embed common.lua
	commonSource string
	//go:embed search.lua
	searchSource string
	//go:embed withdraw.lua
	withdrawSource string
	//go:embed renew.lua
	renewSource string
	//go:embed split.lua
	splitSource string
)

// The scripts. They are named by their hashes, and sent whole where Redis does not know
// them, any more or yet. None is tried a second time by itself.
var (
	searchScript   = rueidis.NewLuaScript(commonSource + searchSource)
	withdrawScript = rueidis.NewLuaScript(commonSource + withdrawSource)
	renewScript    = rueidis.NewLuaScript(commonSource + renewSource)
	splitScript    = rueidis.NewLuaScript(splitSource)
)

// exec runs a script with the deadline of the connection.
func (p *Pool) exec(ctx context.Context, script *rueidis.Lua, keys, args []string) rueidis.RedisResult {
	ctx, cancel := p.redis.Context(ctx)
	defer cancel()
	return script.Exec(ctx, p.redis.Client(), keys, args)
}
