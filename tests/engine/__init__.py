"""The engine, rule by rule, fed with datagrams and a clock in hand."""
