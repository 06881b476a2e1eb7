//! What a change of the configuration would do, before anybody makes it.
