//! What is written down and read back.

use super::plant;
use crate::bug::Happening::Restart;
use crate::bug::{Bug, Family, Site, resume};

pub(super) static BUGS: &[Bug] = &[
    Bug {
        name: "forgotten-removal",
        site: Site::Surgery,
        family: Family::Resume,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["snapshot-resume"],
        bug: plant("a transfer that comes back has lost one removal", resume::forgotten_removal),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
    Bug {
        name: "forgotten-flight",
        site: Site::Surgery,
        family: Family::Resume,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["snapshot-resume"],
        bug: plant("an action in flight does not come back", resume::forgotten_flight),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
    Bug {
        name: "forgotten-order",
        site: Site::Surgery,
        family: Family::Resume,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["snapshot-resume"],
        bug: plant(
            "simultaneous events come back in the order in which they were queued",
            resume::forgotten_order,
        ),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
    Bug {
        name: "forgotten-write",
        site: Site::Surgery,
        family: Family::Resume,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["snapshot-resume"],
        bug: plant("what was not yet durable comes back as durable", resume::forgotten_write),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
    Bug {
        name: "forgetful-restart",
        site: Site::Surgery,
        family: Family::Resume,
        conjunction: &[Restart],
        modelled_on: None,
        caught_by: &["snapshot-resume"],
        bug: plant("a service that restarts forgets what it was to do later", resume::forgetful_restart),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
    Bug {
        name: "recounted-tries",
        site: Site::Transfer,
        family: Family::Resume,
        conjunction: &[],
        modelled_on: None,
        caught_by: &["snapshot-resume"],
        bug: plant("after a restore every action says one try more", resume::recounted_tries),
        benign: plant("a world comes back by way of its readable form", resume::readable),
    },
];
