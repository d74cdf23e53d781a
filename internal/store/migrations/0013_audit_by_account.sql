-- What was done to one account, and what came of it.
CREATE INDEX audit_target ON audit (target, seq);
CREATE INDEX audit_intent ON audit (intent) WHERE intent > 0;
