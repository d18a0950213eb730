package policies

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// prepared is one entry point of the rules.
type prepared struct {
	query   rego.PreparedEvalQuery
	options []rego.EvalOption // for tests: the same without rule indexing
}

// eval asks the rules. The answer is nil when they have none.
//
// An evaluation takes some microseconds and its steps are bounded by the question, so nothing
// watches ctx meanwhile: a goroutine a request, which OPA would start for that, costs more than it saves.
func (p *prepared) eval(ctx context.Context, input ast.Value) (ast.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var answer ast.Object
	keep := func(t *ast.Term, _ *rego.EvalContext) (any, error) {
		answer, _ = t.Value.(ast.Object)
		return nil, nil
	}
	options := append(make([]rego.EvalOption, 0, 5), rego.EvalParsedInput(input), rego.EvalGenerateJSON(keep), still, unmeasured)
	results, err := p.query.Eval(ctx, append(options, p.options...)...)
	if err != nil {
		return nil, err
	}
	if len(results) > 1 {
		return nil, fmt.Errorf("%d answers where one is expected", len(results))
	}
	return answer, nil
}

// OPA would make a canceller and a set of metrics for each evaluation; nobody reads either.
var (
	still      = rego.EvalExternalCancel(topdown.NewCancel())
	unmeasured = rego.EvalMetrics(metrics.NoOp())
)
