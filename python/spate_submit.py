"""spate_submit.py -- what `spate submit` starts: runs a program written for classic PySpark on Spate.

    python spate_submit.py [--name N] [--master M] [--conf k=v]... [--py-files A,B] [--files A,B] -- APP [ARGS...]

An import hook adds to the client's modules, when the program imports them, what classic PySpark has and the client has
not: the builder finds the private server by itself, the session has a sparkContext, and `pyspark.SparkContext` is there.
The installed package stays as it is; with the full `pyspark` installed its Connect client is used in the same way.
src/cli/submit.c starts the server meanwhile and writes its address as one line into the pipe SPATE_SUBMIT_FD.

Behaviour: org.apache.spark.deploy.SparkSubmit, pyspark.core.context.SparkContext (Spark 4.3).
"""
import os
import sys

if __name__ == "__main__":               # the program gets a __main__ of its own; this one is known by its name
    sys.modules["spate_submit"] = sys.modules["__main__"]
    __name__ = "spate_submit"

INSTALL = """spate submit: %s is missing for %s; please type
    python3 -m venv .venv && . .venv/bin/activate
    pip install 'pyspark-client==4.2.0' 'pandas<3'
"""
LATER = ("%s is not part of `spate submit`, which runs DataFrame and Structured Streaming programs. RDDs and DStreams "
         "have a door of their own, `spate python`, which comes with a later release of Spate")
LEVELS = ("ALL", "DEBUG", "ERROR", "FATAL", "INFO", "OFF", "TRACE", "WARN")


class Settings:
    """What the command line said, and where the server is."""
    conf = {}            # what SparkConf() starts with; the server has the same as its sessions' defaults
    program = {}         # what SparkContext(conf=...) and .master() of the program said
    py_files, files = [], []
    fd, url = -1, None

    @classmethod
    def remote(cls):
        """The private server's address; waits until the server accepts."""
        if cls.url is None:
            text = b""
            while cls.fd >= 0 and not text.endswith(b"\n"):
                part = os.read(cls.fd, 4096)
                if not part:
                    sys.exit(1)          # the server did not start; `spate submit` has said why
                text += part
            cls.url = text.decode().strip()
        return cls.url

    @classmethod
    def get(cls, key, default=None):
        return cls.program.get(key, cls.conf.get(key, default))


def not_here(name):
    from pyspark.errors import PySparkAttributeError
    return PySparkAttributeError(message=LATER % name)


def cores(master):
    """The N of local[N], else the number of cores (org.apache.spark.SparkContext.numDriverCores)."""
    if master == "local":
        return 1
    inside = master[len("local["):].split("]")[0].split(",")[0] if master.startswith("local[") else "*"
    return int(inside) if inside.isdigit() else len(os.sched_getaffinity(0))


# ---- pyspark.SparkContext ----

class SparkContext:
    """The part of SparkContext that is about the application, not about RDDs."""
    _active_spark_context = None
    _jvm = _gateway = _jsc = None

    def __init__(self, master=None, appName=None, sparkHome=None, pyFiles=None, environment=None, batchSize=0,
                 serializer=None, conf=None, gateway=None, jsc=None, profiler_cls=None, udf_profiler_cls=None,
                 memory_profiler_cls=None):
        active = SparkContext._active_spark_context
        if active is not None:
            raise ValueError("Cannot run multiple SparkContexts at once; existing SparkContext(app=%s, master=%s)"
                             % (active.appName, active.master))
        program = Settings.program
        program.update(conf.getAll() if conf is not None else ())
        program.update({k: v for k, v in (("spark.master", master), ("spark.app.name", appName)) if v is not None})
        Settings.py_files.extend(os.path.abspath(f) for f in pyFiles or ())
        import time
        self.startTime = int(time.time() * 1000)
        self.applicationId = "local-%d" % self.startTime
        self._local = {}
        self._session = None
        SparkContext._active_spark_context = self

    @classmethod
    def getOrCreate(cls, conf=None):
        return cls._active_spark_context or cls(conf=conf)

    @classmethod
    def setSystemProperty(cls, key, value):
        Settings.conf[key] = str(value)

    def _spark(self):
        if self._session is None or self._session.is_stopped:
            from pyspark.sql import SparkSession
            self._session = SparkSession.builder.getOrCreate()
        return self._session

    master = property(lambda self: Settings.get("spark.master", "local[*]"))
    appName = property(lambda self: Settings.get("spark.app.name"))
    version = property(lambda self: self._spark().version)
    defaultParallelism = property(lambda self: int(Settings.get("spark.default.parallelism", cores(self.master))))
    defaultMinPartitions = property(lambda self: min(self.defaultParallelism, 2))
    pythonVer = property(lambda self: "%d.%d" % sys.version_info[:2])
    pythonExec = property(lambda self: os.environ.get("PYSPARK_PYTHON", sys.executable))
    sparkHome = uiWebUrl = None
    resources = property(lambda self: {})

    def getConf(self):
        from pyspark.conf import SparkConf
        return SparkConf().setAll(Settings.program.items()).set("spark.app.id", self.applicationId)

    _conf = property(getConf)

    def sparkUser(self):
        import getpass
        return os.environ.get("SPARK_USER") or getpass.getuser()

    def setLogLevel(self, logLevel):
        if logLevel.upper() not in LEVELS:
            from pyspark.errors import IllegalArgumentException
            raise IllegalArgumentException("Supplied level %s did not match one of: %s" % (logLevel, ",".join(LEVELS)))

    def setLocalProperty(self, key, value):
        self._local[key] = value

    def getLocalProperty(self, key):
        return self._local.get(key)

    def setJobGroup(self, groupId, description, interruptOnCancel=False):
        self._local.update({"spark.jobGroup.id": groupId, "spark.job.description": description})

    def setJobDescription(self, value):
        self._local["spark.job.description"] = value

    def cancelAllJobs(self):
        self._spark().interruptAll()

    def addFile(self, path, recursive=False):
        SparkFiles._add(path)

    def addPyFile(self, path):
        add_py_file(path)

    @property
    def listFiles(self):
        return list(Settings.files)

    def stop(self):
        session, self._session = self._session, None
        if session is not None and not session.is_stopped:
            session.stop()
        if SparkContext._active_spark_context is self:
            SparkContext._active_spark_context = None
            Settings.program.clear()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()

    def __repr__(self):
        return "<SparkContext master=%s appName=%s>" % (self.master, self.appName)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise not_here("SparkContext." + name)


class SparkFiles:
    """Files of --files and addFile, found by name as workers find them."""
    _root = None

    def __init__(self):
        raise NotImplementedError("Do not construct SparkFiles objects")

    @classmethod
    def getRootDirectory(cls):
        if cls._root is None:
            import atexit
            import shutil
            import tempfile
            cls._root = tempfile.mkdtemp(prefix="spate-files-")
            atexit.register(shutil.rmtree, cls._root, True)
            for path in Settings.files:
                cls._link(path)
        return cls._root

    @classmethod
    def _link(cls, path):
        target = os.path.join(cls._root, os.path.basename(path))
        if not os.path.lexists(target):
            os.symlink(path, target)

    @classmethod
    def _add(cls, path):
        path = os.path.abspath(path[len("file://"):] if path.startswith("file://") else path)
        if not os.path.exists(path):
            raise FileNotFoundError("File %s does not exist" % path)
        Settings.files.append(path)
        if cls._root is not None:
            cls._link(path)

    @classmethod
    def get(cls, filename):
        return os.path.join(cls.getRootDirectory(), filename)


def absent(name):
    """A class that can be imported, for annotations and isinstance, and that cannot be used."""
    def refuse(self, *args, **kwargs):
        raise not_here(name)
    return type(name, (), {"__init__": refuse, "__module__": "pyspark", "__doc__": LATER % name})


RDD, Broadcast, RDDBarrier, StatusTracker = map(absent, ("RDD", "Broadcast", "RDDBarrier", "StatusTracker"))


# ---- what the hook adds to a module once it has run ----

def patch_util(module):
    module._is_remote_only = True         # the full package behaves as the client alone


def patch_pyspark(module):
    for value in (SparkContext, SparkFiles, RDD, Broadcast, RDDBarrier, StatusTracker):
        setattr(module, value.__name__, value)


def patch_conf(module):
    init = module.SparkConf.__init__

    def __init__(self, loadDefaults=True, _jvm=None, _jconf=None):
        init(self, loadDefaults, _jvm, _jconf)
        if loadDefaults and _jconf is None:
            self._conf.update(Settings.conf)

    module.SparkConf.__init__ = __init__


def private(builder, create):
    """A session of the server that `.remote()` names, else of ours. `.master()` says how to run, not where."""
    from pyspark.sql.connect.session import SparkSession
    options = dict(Settings.conf if Settings.fd < 0 else {})     # our own server has them already
    options.update(Settings.program)
    options.update(builder._options)
    remote = options.pop("spark.remote", None)
    context = SparkContext.getOrCreate()
    own = remote is None or remote.startswith("local")
    if own:
        Settings.program.update({k: options[k] for k in ("spark.master", "spark.app.name") if k in options})
        remote = Settings.remote()
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    before = SparkSession.getActiveSession() or SparkSession._get_default_session()
    remote_builder = SparkSession.builder.config(map=options).remote(remote)
    session = remote_builder.create() if create else remote_builder.getOrCreate()
    if own and session is not before:
        context._session = context._session or session
        if Settings.py_files:
            session.addArtifacts(*Settings.py_files, pyfile=True)
    return session


def patch_session(module):
    classic = module.SparkSession
    classic.Builder.getOrCreate = lambda self: private(self, False)
    classic.Builder.create = lambda self: private(self, True)

    def __new__(cls, sparkContext=None, jsparkSession=None, options=None):
        return private(cls.Builder().config(map=options or {}), True)

    classic.__new__ = __new__


def patch_connect_session(module):
    connect = module.SparkSession

    def new_session(self):
        url = self._client._builder.url
        return connect(connection="sc" + url.geturl()[len("http"):])

    connect.sparkContext = connect._sc = property(lambda self: SparkContext.getOrCreate())
    connect.newSession = new_session
    stop = connect.stop

    def stop_all(self):
        """As in classic PySpark the context ends with its session."""
        stop(self)
        context = SparkContext._active_spark_context
        if context is not None and context._session is self:
            context.stop()

    connect.stop = stop_all


PATCHES = {"pyspark": patch_pyspark, "pyspark.util": patch_util, "pyspark.conf": patch_conf,
           "pyspark.sql.session": patch_session, "pyspark.sql.connect.session": patch_connect_session}
# Modules of classic PySpark that the client lacks: name -> what they show.
ADDED = {"pyspark.context": (SparkContext,), "pyspark.rdd": (RDD,), "pyspark.files": (SparkFiles,),
         "pyspark.broadcast": (Broadcast,), "pyspark.core": (), "pyspark.core.context": (SparkContext,),
         "pyspark.core.rdd": (RDD,), "pyspark.core.files": (SparkFiles,), "pyspark.core.broadcast": (Broadcast,)}


class Hook:
    """The import hook: a finder in front of all others, and the loader of the added modules."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if not name.startswith("pyspark"):
            return None
        if name in ADDED:
            from importlib.machinery import ModuleSpec
            return ModuleSpec(name, Hook, is_package=name == "pyspark.core")
        if name == "pyspark.streaming":
            raise ImportError(LATER % name, name=name)
        patch = PATCHES.get(name)
        if patch is None:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not Hook else None
            if spec is not None:
                run = spec.loader.exec_module

                def exec_module(module):
                    run(module)
                    patch(module)

                spec.loader.exec_module = exec_module
                return spec
        return None

    @staticmethod
    def create_module(spec):
        return None

    @staticmethod
    def exec_module(module):
        for value in ADDED[module.__name__]:
            setattr(module, value.__name__, value)


# ---- running the program ----

def leave_quietly():
    """Waits for the client's threads. One that is ended by the interpreter while it holds a call's lock would leave the
    interpreter waiting for that lock for ever (grpc: _MultiThreadedRendezvous.__del__)."""
    threading = sys.modules.get("threading")
    for thread in threading.enumerate() if threading else ():
        if "channel_spin" in thread.name:
            thread.join(1)


def add_py_file(path):
    path = os.path.abspath(path)
    Settings.py_files.append(path)
    folder = os.path.dirname(path) if path.endswith(".py") else path
    if folder not in sys.path:
        sys.path.insert(1, folder)


def read_arguments(words):
    lists = {"--py-files": [], "--files": []}
    while words[0] != "--":
        option, value = words[0], words[1]
        words = words[2:]
        if option == "--conf":
            key, _, value = value.partition("=")
            Settings.conf[key] = value
        else:
            lists[option].extend(f for f in value.split(",") if f)
    Settings.files.extend(os.path.abspath(f) for f in lists["--files"])
    return words[1:], lists["--py-files"]


def require_client():
    from importlib.util import find_spec
    for name in ("pyspark", "pandas", "pyarrow", "grpc", "grpc_status"):
        if find_spec(name) is None:
            sys.stderr.write(INSTALL % ({"pyspark": "PySpark's client"}.get(name, name), sys.executable))
            sys.exit(1)


def new_main(path):
    """A fresh __main__, as `python APP` would make it."""
    from importlib.machinery import SourceFileLoader
    module = type(sys)("__main__")
    module.__dict__.update(__file__=path, __builtins__=sys.modules["builtins"], __annotations__={},
                           __loader__=SourceFileLoader("__main__", path), __cached__=None)
    sys.modules["__main__"] = module
    return module


def run(path):
    module = new_main(path)
    try:
        with open(path, "rb") as f:
            source = f.read()
        exec(compile(source, path, "exec"), module.__dict__)
    except KeyboardInterrupt:
        sys.exit(130)                     # without a traceback: the queries end with the server
    except SystemExit:
        raise
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        sys.exit(1)


def main():
    words, py_files = read_arguments(sys.argv[1:])
    Settings.fd = int(os.environ.pop("SPATE_SUBMIT_FD", "-1"))
    if Settings.fd >= 0:
        os.set_inheritable(Settings.fd, False)
        os.environ["SPARK_CONNECT_RELEASE_SESSION_ON_EXIT"] = "true"
    else:
        Settings.url = os.environ.get("SPARK_REMOTE")
    for name in ("SPARK_REMOTE", "MASTER", "SPARK_LOCAL_REMOTE", "SPARK_API_MODE"):
        os.environ.pop(name, None)
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    sys.argv[:] = words
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        sys.path[0] = os.path.dirname(os.path.realpath(words[0]))
    for path in py_files:
        add_py_file(path)
    require_client()
    import atexit
    atexit.register(leave_quietly)                      # the first that registers is the last that runs
    sys.meta_path.insert(0, Hook)
    try:
        sys.stdout.reconfigure(line_buffering=True)     # in order with the console sink's text, which the server writes
    except AttributeError:
        pass
    run(words[0])


if "spate_submit" in sys.modules and sys.modules["spate_submit"] is sys.modules["__main__"]:
    main()
