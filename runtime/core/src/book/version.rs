//! A plan as it is known from a day on.

use price_ir::artefact::Artefact;
use price_ir::{Kernel, KernelFactory, MeaningHash, Plan, SourceMap};
use price_value::{Date, Zone};
use std::sync::Arc;

/// See the module.
#[derive(Clone)]
pub(crate) struct Version {
    /// As it was published.
    pub(crate) artefact: Arc<[u8]>,
    pub(crate) kernel: Arc<dyn Kernel>,
    pub(crate) source_map: Arc<SourceMap>,
    pub(crate) hash: MeaningHash,
    /// The time zone of the plan.
    pub(crate) zone: Zone,
    /// Local day of its entry.
    pub(crate) since: Date,
    /// Its entry.
    pub(crate) seq: u64,
    /// Who signed it.
    pub(crate) signer: Option<Arc<str>>,
}

impl Version {
    /// Reads and compiles an artefact, signed by a publisher or not; `since` says the local day of its entry.
    pub(crate) fn of(
        factory: &dyn KernelFactory,
        (artefact, signer): (&[u8], Option<&str>),
        seq: u64,
        since: impl FnOnce(&Zone) -> Date,
    ) -> Result<Version, String> {
        let Artefact { plan, source_map, hash } =
            price_ir::artefact::decode(artefact).map_err(|error| error.to_string())?;
        let plan = Arc::new(plan);
        let zone = Zone::get(&plan.zone).ok_or_else(|| format!("the time zone `{}` is not known", plan.zone))?;
        let (kernel, since) = (factory.compile(&plan)?, since(&zone));
        Ok(Version {
            artefact: artefact.into(),
            kernel,
            source_map: Arc::new(source_map),
            hash,
            zone,
            since,
            seq,
            signer: signer.map(Arc::from),
        })
    }

    pub(crate) fn plan(&self) -> &Arc<Plan> {
        self.kernel.plan()
    }
}
