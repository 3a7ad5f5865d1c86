//! How our functions travel to the machines of a cluster: by what they depend on, inside the plan. The rest is Ballista's own.

use std::any::Any;
use std::sync::Arc;

use ballista_core::serde::{BallistaLogicalExtensionCodec, BallistaPhysicalExtensionCodec};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::datasource::file_format::FileFormatFactory;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Extension, LogicalPlan, ScalarUDF};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};

use super::super::functions::Function;

/// Plans as the scheduler gets them.
#[derive(Debug, Default)]
pub(super) struct Logical(BallistaLogicalExtensionCodec);

/// Plans as the executors get them.
#[derive(Debug, Default)]
pub(super) struct Physical(BallistaPhysicalExtensionCodec);

/// Functions that are not ours are known by their names.
fn write(function: &ScalarUDF, bytes: &mut Vec<u8>) -> Result<()> {
    let function: &dyn Any = function.inner().as_ref();
    match function.downcast_ref::<Function>() {
        Some(ours) => {
            serde_json::to_writer(bytes, ours.reads()).map_err(|error| DataFusionError::External(error.into()))
        }
        None => Ok(()),
    }
}

fn read(name: &str, bytes: &[u8]) -> Result<Arc<ScalarUDF>> {
    let reads = serde_json::from_slice(bytes)
        .map_err(|error| DataFusionError::Plan(format!("the function {name} cannot be read: {error}")))?;
    Ok(Arc::new(ScalarUDF::from(Function::of(reads))))
}

impl LogicalExtensionCodec for Logical {
    fn try_decode(&self, bytes: &[u8], inputs: &[LogicalPlan], context: &TaskContext) -> Result<Extension> {
        self.0.try_decode(bytes, inputs, context)
    }

    fn try_encode(&self, node: &Extension, bytes: &mut Vec<u8>) -> Result<()> {
        self.0.try_encode(node, bytes)
    }

    fn try_decode_table_provider(
        &self,
        bytes: &[u8],
        table: &TableReference,
        schema: SchemaRef,
        context: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        self.0.try_decode_table_provider(bytes, table, schema, context)
    }

    fn try_encode_table_provider(
        &self,
        table: &TableReference,
        provider: Arc<dyn TableProvider>,
        bytes: &mut Vec<u8>,
    ) -> Result<()> {
        self.0.try_encode_table_provider(table, provider, bytes)
    }

    fn try_decode_file_format(&self, bytes: &[u8], context: &TaskContext) -> Result<Arc<dyn FileFormatFactory>> {
        self.0.try_decode_file_format(bytes, context)
    }

    fn try_encode_file_format(&self, bytes: &mut Vec<u8>, format: Arc<dyn FileFormatFactory>) -> Result<()> {
        self.0.try_encode_file_format(bytes, format)
    }

    fn try_decode_udf(&self, name: &str, bytes: &[u8]) -> Result<Arc<ScalarUDF>> {
        read(name, bytes)
    }

    fn try_encode_udf(&self, function: &ScalarUDF, bytes: &mut Vec<u8>) -> Result<()> {
        write(function, bytes)
    }
}

impl PhysicalExtensionCodec for Physical {
    fn try_decode(
        &self,
        bytes: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.0.try_decode(bytes, inputs, context, converter)
    }

    fn try_encode(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        bytes: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        self.0.try_encode(plan, bytes, converter)
    }

    fn try_decode_udf(&self, name: &str, bytes: &[u8]) -> Result<Arc<ScalarUDF>> {
        read(name, bytes)
    }

    fn try_encode_udf(&self, function: &ScalarUDF, bytes: &mut Vec<u8>) -> Result<()> {
        write(function, bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use datafusion::functions::string::lower;

    use super::super::super::event_names::Kind;
    use super::super::super::functions::{self, Kinds};
    use super::super::super::moment::DayOrder;
    use super::*;

    #[test]
    fn our_functions_arrive_with_all_that_they_depend_on() {
        let mut ours = functions::all("Europe/Berlin", DayOrder::DayFirst);
        ours.push(functions::kind_of(Kinds {
            of: BTreeMap::from([("ad_watched".to_owned(), Kind::Ad)]),
            other: Kind::Other,
        }));
        for function in ours {
            let (mut to_scheduler, mut to_executor) = (Vec::new(), Vec::new());
            Logical::default().try_encode_udf(&function, &mut to_scheduler).unwrap();
            Physical::default().try_encode_udf(&function, &mut to_executor).unwrap();
            let name = function.name();
            let arrived = Logical::default().try_decode_udf(name, &to_scheduler).unwrap();
            assert_eq!(*arrived, function, "{name}");
            let arrived = Physical::default().try_decode_udf(name, &to_executor).unwrap();
            assert_eq!(*arrived, function, "{name}");
        }
        let berlin = &functions::all("Europe/Berlin", DayOrder::DayFirst)[1];
        let utc = &functions::all("UTC", DayOrder::DayFirst)[1];
        assert_ne!(berlin, utc);
    }

    #[test]
    fn functions_of_the_engine_go_by_name() {
        let mut bytes = Vec::new();
        Logical::default().try_encode_udf(&lower(), &mut bytes).unwrap();
        assert!(bytes.is_empty());
        assert!(Physical::default().try_decode_udf("unknown", &bytes).is_err());
    }
}
