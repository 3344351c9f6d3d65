package sigma

// Cost is what a rule has cost so far.
type Cost struct {
	Events int64 // times the rule was evaluated
	Nanos  int64 // time spent, by the program's clock
}

type accounts struct{}

func newAccounts(int, Options) *accounts { return &accounts{} }
