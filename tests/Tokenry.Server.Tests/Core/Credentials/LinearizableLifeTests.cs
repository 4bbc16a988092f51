using System.Collections.Concurrent;
using CsCheck;
using static Tokenry.Server.Tests.Core.Access.ManagementCalls;

namespace Tokenry.Server.Tests.Core.Credentials;

/// <summary>
/// The life of a credential is linearizable: whatever runs at the same time, the answers and the state that is left are those of some order, one after
/// the other. CsCheck runs random operations side by side on a new API key and looks for an order in which the model gives the same answers.
/// A failure prints its seed; the variable <c>CsCheck_Seed</c> repeats it.
/// </summary>
public sealed class LinearizableLifeTests(SharedServers servers)
{
    private static readonly long Samples = Environment.GetEnvironmentVariable("TOKENRY_LONG") == "1" ? 1000 : 25;

    [Theory, BothEngines]
    public async Task Operations_side_by_side_answer_as_in_some_order(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Application().CreateAsync();
        CsCheck
            .Gen.Const(() => (new Actual(admin, made.Application.Id), new Model()))
            .SampleParallel(
                Operation("Disable", (actual, id) => actual.Post(id, "/disable"), model => model.Pause(disabled: true)),
                Operation("Enable", (actual, id) => actual.Post(id, "/enable"), model => model.Pause(disabled: false)),
                CsCheck.Gen.Guid.Operation<Actual, Model>(
                    id => $"Rotate({id})",
                    (actual, id) => actual.Rotate(id),
                    (model, id) => model.Answers[id] = model.Rotate(id)
                ),
                Operation("Revoke", (actual, id) => actual.Revoke(id), model => model.Revoke()),
                Operation("Verify", (actual, id) => actual.Verify(id), model => model.CodeOfFirst()),
                equal: (actual, model) => actual.Agrees(model),
                iter: Samples,
                threads: 4,
                printActual: actual => actual.ToString(),
                printModel: model => model.ToString()
            );
    }

    /// <summary>The model would agree with anything if it could not disagree.</summary>
    [Theory, BothEngines]
    public async Task A_model_that_forgets_a_rotation_is_told_from_the_server(Engine engine)
    {
        var admin = await servers.AdminAsync(engine);
        var made = await Scenario.On(admin).Application().CreateAsync();
        var (actual, model, forgetful) = (new Actual(admin, made.Application.Id), new Model(), new Model());
        var id = Guid.NewGuid();
        actual.Rotate(id);
        model.Answers[id] = model.Rotate(id);
        forgetful.Answers[id] = 200;
        Assert.True(actual.Agrees(model));
        Assert.False(actual.Agrees(forgetful));
    }

    private static GenOperation<Actual, Model> Operation(string name, Action<Actual, Guid> act, Func<Model, object> model) =>
        CsCheck.Gen.Guid.Operation<Actual, Model>(id => $"{name}({id})", act, (state, id) => state.Answers[id] = model(state));

    private static string Print(IEnumerable<KeyValuePair<Guid, object>> answers) =>
        string.Join(", ", answers.OrderBy(answer => answer.Key).Select(answer => $"{answer.Key}: {answer.Value}"));

    /// <summary>An API key at the server; each operation notes its answer.</summary>
    private sealed class Actual
    {
        private readonly ApiClient _admin;
        private readonly string _path;
        private readonly string _first;
        private readonly ConcurrentDictionary<Guid, object> _answers = new();
        private readonly ConcurrentDictionary<Guid, string> _rotated = new();
        private readonly Lazy<(string State, string First, Dictionary<Guid, string> Rotated)> _left;

        public Actual(ApiClient admin, string application)
        {
            _admin = admin;
            var key = Wait(admin.CreateApiKeyAsync(application));
            (_path, _first) = ($"/v1/api-keys/{key.Id}", key.Secret);
            _left = new(() =>
                (
                    Wait(admin.GetAsync(_path).Expect(200)).Text("state"),
                    Code(_first),
                    _rotated.ToDictionary(secret => secret.Key, secret => Code(secret.Value))
                )
            );
        }

        public void Post(Guid id, string what) => _answers[id] = Wait(_admin.PostAsync(_path + what)).Status;

        public void Revoke(Guid id) => _answers[id] = Wait(_admin.DeleteAsync(_path)).Status;

        public void Verify(Guid id) => _answers[id] = Code(_first);

        public void Rotate(Guid id)
        {
            var answer = Wait(_admin.PostAsync(_path + "/rotate", new { overlap_seconds = 0 }));
            if (answer.Status == 200)
                _rotated[id] = answer.Text("token");
            _answers[id] = answer.Status;
        }

        /// <summary>After all operations: the same answers, and what is left is the same.</summary>
        public bool Agrees(Model model) =>
            _answers.Count == model.Answers.Count
            && _answers.All(answer => answer.Value.Equals(model.Answers.GetValueOrDefault(answer.Key)))
            && _left.Value.State == model.State
            && _left.Value.First == model.CodeOfFirst()
            && _left.Value.Rotated.All(secret => secret.Value == model.CodeOf(secret.Key));

        public override string ToString() => $"{Print(_answers)}; {_left.Value.State}, first secret {_left.Value.First}";

        private string Code(string secret) => Wait(_admin.CodeAsync(secret));

        /// <summary>CsCheck runs operations on threads of its own.</summary>
        private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
    }

    /// <summary>What docs/concepts.md says of a credential's life, one operation after the other.</summary>
    private sealed class Model
    {
        private bool _disabled;
        private bool _revoked;
        private Guid _newest = Guid.Empty;

        public Dictionary<Guid, object> Answers { get; } = [];

        public string State =>
            _revoked ? "revoked"
            : _disabled ? "disabled"
            : "active";

        public object Pause(bool disabled)
        {
            if (_revoked)
                return 409;
            _disabled = disabled;
            return 200;
        }

        public object Rotate(Guid id)
        {
            if (_revoked || _disabled)
                return 409;
            _newest = id;
            return 200;
        }

        public object Revoke()
        {
            _revoked = true;
            return 204;
        }

        public string CodeOfFirst() => CodeOf(Guid.Empty);

        public string CodeOf(Guid secret) =>
            _revoked || secret != _newest ? "revoked"
            : _disabled ? "disabled"
            : "valid";

        public override string ToString() => $"{Print(Answers)}; {State}, first secret {CodeOfFirst()}";
    }
}
