package throttle

import "time"

// Rule is how often one kind of act may happen. Its limits are for tries, right or wrong, but those called failures.
type Rule struct {
	Name     string
	Account  Limit // of everybody together, on one account
	Known    Limit // of a browser that signed in to the account before: counted apart, whatever strangers do
	Network  Limit // of one network
	Together Limit // of all together, where nobody is known
	Failures Limit // of one network, where nobody is known
	Everyone Limit // failures of all together, where nobody is known
	Local    bool  // never asks the nodes' store: what it limits costs the pool nothing
}

// The rules. A network may be an office of thousands behind one address: it is its failures that count, and how many
// people it sends through the line is the Room's business.

// guesses is how often strangers may try to prove that they are somebody: eight times at once and then every sixteen
// minutes, eleven times in the first hour. Cognito locks an account by itself from the fifth failure on, for twice as
// long each time, and forgets after fifteen quiet minutes: so it never comes to more than eight seconds, and nobody can
// use that lock to keep the owner out.
func guesses() Limit { return Limit{15, 4 * time.Hour, 8} }

// Passwords is for proving a password.
func Passwords() Rule {
	return Rule{
		Name:     "password",
		Account:  guesses(),
		Known:    Limit{30, time.Hour, 10},
		Failures: Limit{30, time.Hour, 30},
		Everyone: Limit{5, time.Second, 600},
	}
}

// Codes is for codes of a second factor, or that were mailed. Of a million codes three are right at a time.
func Codes() Rule {
	return Rule{
		Name:     "code",
		Account:  guesses(),
		Known:    Limit{20, time.Hour, 10},
		Failures: Limit{30, time.Hour, 30},
		Everyone: Limit{5, time.Second, 600},
	}
}

// Mails is for having a code mailed or texted. Names cost nothing to invent, and each is a number to keep for an hour: all
// strangers together have as many as the pool takes (thirty a second), so that nobody is refused whom it would have served.
// A known browser does not stand behind them.
func Mails() Rule {
	return Rule{Name: "mail", Account: Limit{3, time.Hour, 3}, Network: Limit{120, time.Hour, 60}, Together: Limit{30, time.Second, 300}}
}

// Calls is for what a person who is past his password asks of the pool.
func Calls() Rule {
	return Rule{Name: "call", Account: Limit{60, time.Hour, 20}}
}

// Lookups is for reading what the pool or the portal knows of an account.
func Lookups() Rule {
	return Rule{Name: "look-up", Account: Limit{60, time.Hour, 20}}
}

// Applications is for other applications, of which each is an account.
func Applications() Rule {
	return Rule{Name: "application", Account: Limit{20, time.Second, 200}, Failures: Limit{30, time.Hour, 30}}
}

// Desk is for agents of the help desk, beside what the help desk itself limits.
func Desk() Rule {
	return Rule{Name: "desk", Account: Limit{30, time.Minute, 60}}
}

// Reports is for what browsers report of themselves, of which a few tell all: one in each second from a network, and ten
// from all together, however many are sent.
func Reports() Rule {
	return Rule{Name: "report", Account: Limit{10, time.Second, 20}, Network: Limit{1, time.Second, 3}, Local: true}
}

// Forms is for forms that cost the pool nothing.
func Forms() Rule {
	return Rule{Name: "form", Network: Limit{100, time.Second, 1000}, Local: true}
}
