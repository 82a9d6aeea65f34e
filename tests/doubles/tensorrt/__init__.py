"""A double of ``tensorrt``, in the version that ``$TENSORRT_DOUBLE`` names.

It computes with ONNX Runtime, and refuses whatever a GPU would not forgive: see ``doubles.gpu``.
What a version does not have is not there.
"""

from tests.doubles.trt_build import (
    Builder,
    IBuilderConfig,
    ILayer,
    INetworkDefinition,
    IOptimizationProfile,
    ITensor,
    ITimingCache,
    OnnxParser,
)
from tests.doubles.trt_names import (
    MAJOR,
    VERSION,
    BuilderFlag,
    DataType,
    DeviceType,
    Dims,
    IHostMemory,
    ILogger,
    LayerInformationFormat,
    MemoryPoolType,
    NetworkDefinitionCreationFlag,
    ParserError,
    PreviewFeature,
    ProfilingVerbosity,
    TensorIOMode,
)
from tests.doubles.trt_run import (
    EngineInspector,
    ICudaEngine,
    IExecutionContext,
    Refitter,
    Runtime,
)

if MAJOR >= 10:
    from tests.doubles.trt_names import IProgressMonitor
    from tests.doubles.trt_run import OnnxParserRefitter

__version__ = VERSION
