using Microsoft.EntityFrameworkCore;

namespace Tokenry.Peers.OpenIddict;

/// <summary>OpenIddict's own entities and nothing else.</summary>
internal sealed class OpenIddictStore(DbContextOptions<OpenIddictStore> options) : DbContext(options);
