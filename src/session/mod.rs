//! The one room that knows all the others: plan, script, engine (PURE), driver (clock and effects).
