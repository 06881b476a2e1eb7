//! Why a resource is where it is, is not elsewhere, or is stopped, from the reasons that the scheduler keeps.
