using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;

namespace Tokenry.Chaos.Tests.Support;

/// <summary>
/// Concurrent writers who create, rotate and revoke API keys while something terrible happens to the server, and remember every
/// answer they got. Afterwards <see cref="VerifyAsync"/> holds the server to its word. A lost answer (connection failure, time-out,
/// 503) allows both outcomes; every other unexpected status is a violation at once. Each key belongs to one writer, so what it
/// should be is never a matter of interleaving.
/// </summary>
public sealed class Workload
{
    private const int KeptKeys = 8;
    private const int OverlapSeconds = 86_400; // longer than any test: no grace period ends by itself
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan VerifyPatience = TimeSpan.FromSeconds(15);
    private readonly ApiClient[] _clients;
    private readonly string _applicationId;
    private readonly bool _checksAfterWrites;
    private readonly ConcurrentQueue<WorkloadKey> _keys = new();
    private readonly ConcurrentQueue<(string KeyId, string Action)> _acknowledgements = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private int _unknown;

    private Workload(ApiClient[] clients, string applicationId, bool checksAfterWrites) =>
        (_clients, _applicationId, _checksAfterWrites) = (clients, applicationId, checksAfterWrites);

    /// <summary>Every acknowledged mutation, with its audit action, in the order its key saw it: the audit log must know them all.</summary>
    public IReadOnlyCollection<(string KeyId, string Action)> Acknowledgements => _acknowledgements;

    /// <summary>Mutations whose answer was lost.</summary>
    public int Unknown => _unknown;

    /// <summary>Creates the application that will own the keys, while the server is still well.</summary>
    /// <param name="admin">May do everything.</param>
    /// <param name="checksAfterWrites">
    /// Also verify each key at the same server after each acknowledgement: a change must be in force before it is acknowledged, not
    /// only survive. It costs more than half of the writes.
    /// </param>
    /// <param name="addresses">The replicas to spread the writers over; the administrator's own server if none is named.</param>
    public static async Task<Workload> PrepareAsync(ApiClient admin, bool checksAfterWrites = true, params string[] addresses)
    {
        var made = await Scenario.On(admin).Api().Role().Application().CreateAsync();
        string[] servers = addresses.Length > 0 ? addresses : [admin.Address];
        return new Workload([.. servers.Select(address => admin.At(address).Within(RequestLimit))], made.Application.Id, checksAfterWrites);
    }

    /// <summary>
    /// Writes until <paramref name="stop"/>; requests in flight then are still awaited, because their answers count. May be called
    /// again: keys of an earlier run are left as they are.
    /// </summary>
    public Task RunAsync(int writers, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, writers).Select(writer => WriteAsync(_clients[writer % _clients.Length], stop)));

    /// <summary>Waits until so many more mutations were acknowledged: strike in the middle of work, or see that work goes on again.</summary>
    public async Task AcknowledgedAsync(int more, TimeSpan patience)
    {
        var goal = _acknowledgements.Count + more;
        var waited = Stopwatch.StartNew();
        while (_acknowledgements.Count < goal)
        {
            if (waited.Elapsed > patience)
                throw new TimeoutException($"{goal - _acknowledgements.Count} of {more} acknowledgements still missing after {patience}.");
            await Task.Delay(10);
        }
    }

    /// <summary>
    /// Checks every secret that was ever told against a server that is up again. The answer is what was wrong, during the work and
    /// now: empty is good.
    /// </summary>
    public async Task<IReadOnlyCollection<string>> VerifyAsync(ApiClient client)
    {
        var secrets = _keys.SelectMany(key => key.Secrets.Select(secret => (key, secret))).ToArray();
        foreach (var twice in secrets.GroupBy(told => told.secret.Token, StringComparer.Ordinal).Where(group => group.Skip(1).Any()))
            Violation($"the same secret was told twice: {string.Join(", ", twice.Select(told => told.key.Id))}");
        foreach (var twice in _keys.GroupBy(key => key.Id, StringComparer.Ordinal).Where(group => group.Skip(1).Any()))
            Violation($"the id {twice.Key} was given twice");

        var patient = client.Within(RequestLimit);
        await Parallel.ForEachAsync(
            secrets,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (told, _) =>
            {
                var waited = Stopwatch.StartNew();
                while (!await CheckAsync(patient, told.key, told.secret, "in the end"))
                {
                    if (waited.Elapsed > VerifyPatience)
                    {
                        Violation($"{told.key.Id}: no answer from /v1/verify for {VerifyPatience}");
                        return;
                    }
                    await Task.Delay(100, CancellationToken.None);
                }
            }
        );
        return _violations;
    }

    private async Task WriteAsync(ApiClient client, CancellationToken stop)
    {
        var mine = new List<WorkloadKey>();
        while (!stop.IsCancellationRequested)
        {
            var dice = RandomNumberGenerator.GetInt32(10);
            if (mine.Count < 2 || (mine.Count < KeptKeys && dice < 4))
            {
                if (await CreateAsync(client) is { } created)
                    mine.Add(created);
                continue;
            }
            var key = mine[RandomNumberGenerator.GetInt32(mine.Count)];
            if (mine.Count >= KeptKeys || dice < 6)
                await RevokeAsync(client, key);
            else
                await RotateAsync(client, key, overlap: dice < 8);
            if (key.IsFinished)
                mine.Remove(key);
        }
    }

    private async Task<WorkloadKey?> CreateAsync(ApiClient client)
    {
        var path = $"/v1/applications/{_applicationId}/api-keys";
        var response = await MutateAsync(() => client.PostAsync(path, new { name = CreateRequests.Unique("chaos") }), 201);
        if (response is null)
            return null;
        var key = new WorkloadKey(response.Text("id"), response.Text("token"));
        _keys.Enqueue(key);
        await AcknowledgeAsync(client, key, "api_key.created");
        return key;
    }

    private async Task RotateAsync(ApiClient client, WorkloadKey key, bool overlap)
    {
        var body = new { overlap_seconds = overlap ? OverlapSeconds : 0 };
        var response = await MutateAsync(() => client.PostAsync($"/v1/api-keys/{key.Id}/rotate", body), 200);
        if (response is null)
        {
            key.RotationUnknown(overlap);
            return;
        }
        key.RotationAcknowledged(response.Text("token"), overlap);
        await AcknowledgeAsync(client, key, "api_key.rotated");
    }

    private async Task RevokeAsync(ApiClient client, WorkloadKey key)
    {
        if (await MutateAsync(() => client.DeleteAsync($"/v1/api-keys/{key.Id}"), 204) is null)
        {
            key.RevocationUnknown();
            return;
        }
        key.RevocationAcknowledged();
        await AcknowledgeAsync(client, key, "api_key.revoked");
    }

    private async Task AcknowledgeAsync(ApiClient client, WorkloadKey key, string action)
    {
        _acknowledgements.Enqueue((key.Id, action));
        if (!_checksAfterWrites)
            return;
        foreach (var secret in key.Secrets.TakeLast(2))
            await CheckAsync(client, key, secret, $"right after {action}");
    }

    /// <summary>Null when the outcome is unknown, or known to be a violation.</summary>
    private async Task<ApiResponse?> MutateAsync(Func<Task<ApiResponse>> request, int expected)
    {
        var response = await AttemptAsync(request);
        if (response?.Status == expected)
            return response;
        if (response is null)
        {
            Interlocked.Increment(ref _unknown);
            await Task.Delay(50); // the server is away: no busy loop
            return null;
        }
        Violation($"{response.Method} {response.Path}: {response.Status} {response.Body}");
        return null;
    }

    /// <summary>False when there was no answer.</summary>
    private async Task<bool> CheckAsync(ApiClient client, WorkloadKey key, WorkloadSecret secret, string when)
    {
        var response = await AttemptAsync(() => client.PostAsync("/v1/verify", new { token = secret.Token }));
        if (response is null)
            return false;
        if (response.Status != 200)
            Violation($"{key.Id} {when}: /v1/verify answered {response.Status} {response.Body}");
        else if (response.Text("code") is var code && !secret.Allows(code))
            Violation($"{key.Id} {when}: secret {IndexOf(key, secret)} is {code}, acknowledged was {secret.Allowed}");
        return true;
    }

    private static string IndexOf(WorkloadKey key, WorkloadSecret secret) =>
        $"{key.Secrets.TakeWhile(other => other != secret).Count() + 1} of {key.Secrets.Count}";

    private static async Task<ApiResponse?> AttemptAsync(Func<Task<ApiResponse>> request)
    {
        try
        {
            return await request() is { Status: not 503 } response ? response : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    private void Violation(string what) => _violations.Enqueue(what);
}
