namespace Enrolment;

/// <summary>
/// Enrols the devices that are not. Which those are say their folders and Tokenry: there is no list that could differ, so a run that was interrupted
/// anywhere is continued by the next, and nothing is made twice.
/// </summary>
internal sealed class EnrolDevices(Fleet fleet, Registry registry)
{
    // A server commits what waits together: one request after the other would pay for each commit alone.
    private const int AtOnce = 32;

    public async Task RunAsync(int count)
    {
        var applications = await registry.ListApplicationsAsync();
        var registered = await registry.ListCertificateOwnersAsync();
        var missing = Enumerable.Range(1, count).Select(number => $"thermostat-{number:D5}").Where(name => !IsDone(name)).ToList();
        using var progress = new Progress(total: missing.Count, alreadyThere: count - missing.Count);
        await Parallel.ForEachAsync(
            missing,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (name, _) =>
            {
                fleet.MakeDevice(name);
                var id = applications.GetValueOrDefault(name) ?? await registry.CreateApplicationAsync(name);
                fleet.TellDevice(name, id);
                if (!registered.Contains(id))
                {
                    await registry.CreateCertificateAsync(id, name, fleet.AuthorityPem);
                }

                progress.Count();
            }
        );
        progress.Finish();

        bool IsDone(string name) => fleet.IsMade(name) && applications.TryGetValue(name, out var id) && registered.Contains(id);
    }
}
