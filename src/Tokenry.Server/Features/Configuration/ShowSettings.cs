using Tokenry.Server.Core.Access;
using Tokenry.Server.Core.Apis;
using Tokenry.Server.Core.Operations;
using Tokenry.Server.Platform.Settings;

namespace Tokenry.Server.Features.Configuration;

/// <summary>Shows what is configured and from where, to those who may do everything on the server. The configuration has no scope of its own.</summary>
public sealed class ShowSettings(Gate gate, IConfiguration configuration)
{
    public Task<IReadOnlyList<ConfiguredSetting>> RunAsync(Caller caller) =>
        gate.ReadOneAsync(
            caller,
            demand: null,
            "settings.read",
            read =>
                ManagementApi.OfServer.Where(scope => !read.Caller.Management.Contains(scope)).ToList() is { Count: > 0 } missing
                    ? throw Problems.InsufficientScope(ManagementApi.Identifier, missing)
                    : Task.FromResult(ConfiguredSettings.Of(configuration))
        );
}
